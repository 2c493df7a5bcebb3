// What is on disk after seal and commit, and what comes back from it.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "model.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

const std::vector<Field> kFields = {{"picture", 40, Element::kF32, Metric::kCosine}};

void add_rows(Index& index, Model& model, size_t count, std::mt19937& random) {
  for (size_t i = 0; i < count; ++i) {
    const RowId id = index.last_id() + 1;
    model.rows[id] = random_vectors(kFields, random);
    REQUIRE(append(index, id, model.rows[id]).is_ok());
  }
}

size_t segments_in(const Scratch& scratch) {
  const auto names = scratch.names();
  return static_cast<size_t>(std::count_if(
      names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".seg"); }));
}

TEST_CASE("reopened after seal, an index is what it was") {
  std::mt19937 random(20);
  const Scratch scratch;
  Model model(kFields);
  {
    const auto index = open_index(scratch.path() + "/made/on/the/way", kFields);
    add_rows(*index, model, 1000, random);
    const std::vector<RowId> gone = {1, 500, 1000};
    for (const RowId id : gone) model.rows.erase(id);
    REQUIRE(index->erase(gone).is_ok());
    REQUIRE(index->commit(42).is_ok());
    REQUIRE(index->seal().is_ok());
    check_same(*index, model, kFields, random);
  }
  const auto index = open_index(scratch.path() + "/made/on/the/way", kFields);
  CHECK(index->dropped_because() == "");
  CHECK(index->generation() == 42);
  CHECK(index->last_id() == 1000);  // an erased id is never given again
  check_same(*index, model, kFields, random);
  CHECK(index->snapshot()->verify().is_ok());
}

TEST_CASE("without seal only what came since the last one is lost, and the generation tells") {
  std::mt19937 random(21);
  const Scratch scratch;
  Model model(kFields);
  {
    const auto index = open_index(scratch.path(), kFields);
    add_rows(*index, model, 10, random);
    REQUIRE(index->commit(1).is_ok());
    REQUIRE(index->seal().is_ok());
    Model more = model;
    add_rows(*index, more, 10, random);
    REQUIRE(index->commit(2).is_ok());
  }
  const auto index = open_index(scratch.path(), kFields);
  CHECK(index->generation() == 1);
  CHECK(index->last_id() == 10);
  check_same(*index, model, kFields, random);
}

TEST_CASE("seal refuses what was not committed, and writes nothing when nothing changed") {
  std::mt19937 random(22);
  const Scratch scratch;
  Model model(kFields);
  const auto index = open_index(scratch.path(), kFields);
  REQUIRE(index->seal().is_ok());
  CHECK(scratch.names().empty());
  add_rows(*index, model, 3, random);
  CHECK(index->seal().code() == StatusCode::kInvalidArgument);
  REQUIRE(index->commit(1).is_ok());
  REQUIRE(index->seal().is_ok());
  const std::string manifest = read_file(scratch.file("manifest"));
  std::filesystem::remove(scratch.file("manifest"));
  REQUIRE(index->seal().is_ok());
  CHECK_FALSE(std::filesystem::exists(scratch.file("manifest")));
}

TEST_CASE("large commits go to disk by themselves, and old snapshots outlive the merged files") {
  std::mt19937 random(23);
  const std::vector<Field> wide = {{"picture", 4096, Element::kF32, Metric::kDot}};
  const size_t rows = Index::kSpillBytes / (4096 * 4) + 10;
  const Scratch scratch;
  const auto index = open_index(scratch.path(), wide);
  std::vector<std::shared_ptr<const Snapshot>> snapshots;
  const std::vector<float> vectors = random_vector(4096 * rows, random);
  const std::vector<std::span<const float>> spans = {vectors};
  for (uint64_t generation = 1; generation <= 4; ++generation) {
    std::vector<RowId> ids(rows);
    for (RowId& id : ids) id = (generation - 1) * rows + static_cast<size_t>(&id - ids.data()) + 1;
    REQUIRE(index->append(ids, spans).is_ok());
    REQUIRE(index->commit(generation).is_ok());
    // Equal neighbours are merged: one segment, 1 + 1, 2 + a new one, and these four in one again.
    CHECK(segments_in(scratch) == (generation == 3 ? 2 : 1));
    snapshots.push_back(index->snapshot());
  }
  const Term term{"picture", std::vector<float>(vectors.begin(), vectors.begin() + 4096)};
  for (size_t i = 0; i < snapshots.size(); ++i) {
    CHECK(snapshots[i]->size() == (i + 1) * rows);
    const auto found = snapshots[i]->search(only(term), i + 1);
    REQUIRE(found.is_ok());
    for (size_t hit = 0; hit <= i; ++hit) CHECK(found.value()[hit].id == hit * rows + 1);
  }
  CHECK(open_index(scratch.path(), wide)->snapshot()->size() == 4 * rows);
}

// The cache files that this process has mapped.
size_t mapped_in(const Scratch& scratch) {
  const std::string maps = read_file("/proc/self/maps");
  size_t count = 0;
  for (size_t at = 0; (at = maps.find(scratch.path(), at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST_CASE("files that were merged away are let go when the last snapshot of them goes") {
  std::mt19937 random(26);
  const Scratch scratch;
  Model model(kFields);
  {
    const auto index = open_index(scratch.path(), kFields);
    add_rows(*index, model, 100, random);
    REQUIRE(index->commit(1).is_ok());
    REQUIRE(index->seal().is_ok());
  }
  const auto index = open_index(scratch.path(), kFields);
  if (mapped_in(scratch) == 0) return;  // this system does not tell
  auto old = index->snapshot();
  add_rows(*index, model, 100, random);
  REQUIRE(index->commit(2).is_ok());
  REQUIRE(index->seal().is_ok());
  REQUIRE(segments_in(scratch) == 1);
  CHECK(mapped_in(scratch) == 2);
  old.reset();
  CHECK(mapped_in(scratch) == 1);
}

TEST_CASE("many small seals leave few segments, and erased rows leave the disk") {
  std::mt19937 random(24);
  const Scratch scratch;
  Model model(kFields);
  const auto index = open_index(scratch.path(), kFields);
  for (uint64_t generation = 1; generation <= 200; ++generation) {
    add_rows(*index, model, 1 + random() % 5, random);
    REQUIRE(index->commit(generation).is_ok());
    REQUIRE(index->seal().is_ok());
    REQUIRE(segments_in(scratch) <= 10);
  }
  check_same(*index, model, kFields, random);

  std::vector<RowId> gone;
  for (const auto& [id, row] : model.rows) gone.push_back(id);
  gone.pop_back();
  for (const RowId id : gone) model.rows.erase(id);
  REQUIRE(index->erase(gone).is_ok());
  REQUIRE(index->commit(201).is_ok());
  REQUIRE(index->seal().is_ok());
  CHECK(segments_in(scratch) == 1);
  check_same(*index, model, kFields, random);
  CHECK(index->snapshot()->positions() == 1);

  REQUIRE(index->erase(std::vector<RowId>{index->last_id()}).is_ok());
  REQUIRE(index->commit(202).is_ok());
  REQUIRE(index->seal().is_ok());
  CHECK(segments_in(scratch) == 0);
  CHECK(open_index(scratch.path(), kFields)->generation() == 202);
}

TEST_CASE("what a crash left behind is swept by the next seal; other files are not ours") {
  std::mt19937 random(25);
  const Scratch scratch;
  Model model(kFields);
  const std::vector<std::string> ours = {"rows-9.seg", "rows-123.seg", "manifest-7.tmp"};
  const std::vector<std::string> theirs = {"rows-.seg",
                                           "rows-x.seg",
                                           "rows-01.seg",
                                           "rows-5.seg.bak",
                                           "manifest.tmp",
                                           "notes.txt",
                                           "rows-99999999999999999999.seg"};
  for (const std::string& name : ours) write_file(scratch.file(name), "left behind");
  for (const std::string& name : theirs) write_file(scratch.file(name), "not ours");
  {
    const auto index = open_index(scratch.path(), kFields);
    CHECK(scratch.names().size() == ours.size() + theirs.size());  // opening removes nothing
    add_rows(*index, model, 5, random);
    REQUIRE(index->commit(1).is_ok());
    REQUIRE(index->seal().is_ok());
  }
  for (const std::string& name : ours) CHECK_FALSE(std::filesystem::exists(scratch.file(name)));
  for (const std::string& name : theirs) CHECK(std::filesystem::exists(scratch.file(name)));
  check_same(*open_index(scratch.path(), kFields), model, kFields, random);
}

TEST_CASE("a cache that was set aside is replaced by the next seal, even an empty one") {
  const Scratch scratch;
  {
    std::mt19937 random(31);
    Model model(kFields);
    const auto other = Index::open(scratch.path(), TruthId{9}, kFields);
    add_rows(*other.value(), model, 10, random);
    REQUIRE(other.value()->commit(1).is_ok());
    REQUIRE(other.value()->seal().is_ok());
  }
  const auto index = open_index(scratch.path(), kFields);
  REQUIRE(index->dropped_because() != "");
  REQUIRE(index->commit(0).is_ok());
  REQUIRE(index->seal().is_ok());
  CHECK(open_index(scratch.path(), kFields)->dropped_because() == "");
}

TEST_CASE("opened for reading only, nothing in the directory is changed") {
  std::mt19937 random(29);
  const Scratch scratch;
  Model model(kFields);
  {
    const auto index = open_index(scratch.path(), kFields);
    add_rows(*index, model, 100, random);
    REQUIRE(index->commit(1).is_ok());
    REQUIRE(index->seal().is_ok());
  }
  write_file(scratch.file("rows-77.seg"), "left behind");
  const auto names = scratch.names();
  const auto reader = Index::open(scratch.path(), kTruth, kFields, Access::kReadOnly);
  REQUIRE(reader.is_ok());
  check_same(*reader.value(), model, kFields, random);
  add_rows(*reader.value(), model, 100, random);
  REQUIRE(reader.value()->commit(2).is_ok());
  CHECK(reader.value()->seal().code() == StatusCode::kIoError);
  check_same(*reader.value(), model, kFields, random);
  CHECK(scratch.names() == names);

  const std::string missing = scratch.file("missing");
  CHECK_FALSE(Index::open(missing, kTruth, kFields, Access::kReadOnly).is_ok());
  CHECK_FALSE(std::filesystem::exists(missing));
}

TEST_CASE("a directory that cannot be is an I/O error that names it") {
  const Scratch scratch;
  write_file(scratch.file("file"), "");
  for (const std::string& path : {scratch.file("file"), scratch.file("file/below")}) {
    const auto index = Index::open(path, kTruth, kFields);
    REQUIRE_FALSE(index.is_ok());
    CHECK(index.status().code() == StatusCode::kIoError);
    CHECK(index.status().message().find(scratch.file("file")) != std::string_view::npos);
  }
}

}  // namespace
}  // namespace nearsight::test
