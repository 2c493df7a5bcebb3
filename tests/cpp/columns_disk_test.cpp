// A disk that fails at any one of the operations of a history of columns.
#include "columns_model.h"
#include "faulty_directory.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

constexpr uint64_t kSteps = 5;

// Runs a history on a disk that fails after `good` operations. False if it never came to fail.
bool survives(uint64_t good, FaultyDirectory::Fails fails) {
  CAPTURE(good);
  std::mt19937 random(40);
  const Scratch scratch;
  auto disk = open_directory(scratch.path());
  const auto faulty = std::make_shared<FaultyDirectory>(disk.value(), good, fails);
  auto opened = Columns::open_in(faulty, kColumnsTruth);
  REQUIRE(opened.is_ok());
  Columns& columns = *opened.value();
  std::vector<ColumnsModel> models(1);  // of each generation
  uint64_t sealed = 0;
  for (uint64_t generation = 1; generation <= kSteps; ++generation) {
    models.push_back(models.back());
    change(columns, models.back(), random);
    REQUIRE(columns.commit(generation).is_ok());
    const size_t files = scratch.names().size();
    const Status status = columns.seal();
    if (!status.is_ok() && fails == FaultyDirectory::Fails::kOnce) {
      REQUIRE(scratch.names().size() == files);  // half-written files are taken away
    }
    if (status.is_ok()) sealed = generation;
    if (!status.is_ok()) REQUIRE(status.code() == StatusCode::kIoError);
    check_same(columns, models.back(), random);  // memory is as good as before

    const auto other = open_columns(scratch.path());
    REQUIRE(other->dropped_because() == "");
    REQUIRE(other->generation() == sealed);
    check_same(*other, models[sealed], random);
  }
  const bool failed = faulty->failed();
  faulty->repair();
  REQUIRE(columns.seal().is_ok());
  check_same(*open_columns(scratch.path()), models.back(), random);
  return failed;
}

TEST_CASE("a disk that fails anywhere loses no fact in memory and no sealed fact") {
  for (const auto fails : {FaultyDirectory::Fails::kOnce, FaultyDirectory::Fails::kForGood}) {
    uint64_t good = 0;
    while (survives(good, fails)) ++good;
    CHECK(good > 20);  // the history has so many operations that can fail
  }
}

TEST_CASE("read-only columns keep newer facts in memory and change no file") {
  const Scratch scratch;
  {
    const auto columns = open_columns(scratch.path());
    REQUIRE(put(*columns, {{1, {1, 1, {}}}}).is_ok());
    REQUIRE(columns->commit(1).is_ok());
    REQUIRE(columns->seal().is_ok());
  }
  const std::string before = read_file(scratch.file("columns"));
  auto opened = Columns::open(scratch.path(), kColumnsTruth, Access::kReadOnly);
  REQUIRE(opened.is_ok());
  Columns& columns = *opened.value();
  REQUIRE(put(columns, {{2, {1, 1, {}}}}).is_ok());
  REQUIRE(columns.commit(2).is_ok());
  CHECK(columns.snapshot().size() == 2);
  CHECK(columns.seal().code() == StatusCode::kIoError);
  CHECK(read_file(scratch.file("columns")) == before);
  CHECK(scratch.names().size() == 2);
  CHECK_FALSE(Columns::open(scratch.file("none"), kColumnsTruth, Access::kReadOnly).is_ok());
}

}  // namespace
}  // namespace nearsight::test
