// Opens, asks and writes a cache of columns that a fuzzer has edited.
#include <array>

#include "../cpp/scratch.h"
#include "nearsight/columns.h"
#include "require.h"
#include "sealing.h"

namespace nearsight::fuzz {
namespace {

const TruthId kTruth = {1, 2, 3};
// Where a manifest of one segment has its table's CRC and counts, and a segment its counts.
constexpr size_t kTableCrcAt = 48, kCountsAt = 52, kHeaderCountsAt = 36;
using Counts = std::array<uint64_t, 8>;

Documents documents(DocId first, size_t count) {
  Documents batch;
  for (DocId doc = first; doc < first + count; ++doc) {
    batch.begin(doc, doc / 2, doc % 3 == 0 ? 0 : doc);
    (void)batch.say("day", whole_value(static_cast<int64_t>(doc % 7) - 3));
    (void)batch.say("day/hour", float_value(static_cast<double>(doc) / 4).value());
    (void)batch.say("name", text_value(std::string(doc % 5, static_cast<char>('a' + doc % 3))));
    if (doc % 2 == 0) (void)batch.say("name", null_value());
    (void)batch.say("seen", bool_value(doc % 4 == 0));
    const auto degrees = static_cast<double>(doc % 90);
    (void)batch.say("place", point_value(degrees, 2 * degrees).value());
  }
  return batch;
}

Files made() {
  const test::Scratch scratch;
  const auto columns = std::move(Columns::open(scratch.path(), kTruth).value());
  REQUIRE_ALWAYS(columns->put(documents(1, 30)).is_ok());
  REQUIRE_ALWAYS(columns->commit(1).is_ok() && columns->seal().is_ok());
  const DocId gone = 7;
  REQUIRE_ALWAYS(columns->erase({&gone, 1}).is_ok());
  REQUIRE_ALWAYS(columns->commit(2).is_ok() && columns->seal().is_ok());
  Files files;
  for (const std::string& name : scratch.names()) files[name] = test::read_file(scratch.file(name));
  return files;
}

// The data of a segment of such counts (cpp/FORMAT.md); 0 if that would be large.
size_t size_of(const Counts& counts) {
  for (const uint64_t count : counts) {
    if (count > 10000) return 0;
  }
  const auto [docs, owners, rows, columns, names, keys, key_bytes, postings] = counts;
  const std::array<uint64_t, 10> sections = {8 * docs,  8 * owners,   8 * rows, 4 * docs,
                                             4 * docs,  16 * columns, names,    16 * keys,
                                             key_bytes, 4 * postings};
  uint64_t size = 0;
  for (const uint64_t section : sections) size += (section + 7) / 8 * 8;
  return size;
}

void repair(Files& files) {
  std::string& manifest = files["columns"];
  std::string& segment = files["facts-1.seg"];
  const auto counts = read<Counts>(manifest, kCountsAt);
  write(segment, kHeaderCountsAt, counts);
  seal_page(segment);
  const size_t size = size_of(counts);
  write(manifest, kTableCrcAt, seal_data(segment, size > 0 ? size : data_bytes(segment.size())));
  seal_whole(manifest);
}

struct Answers {
  std::vector<std::vector<uint64_t>> lists;
  bool is_damaged = false;
  bool operator==(const Answers&) const = default;

  void note(const Status& status) {
    if (status.is_ok()) return;
    REQUIRE_ALWAYS(status.code() == StatusCode::kCorruption);
    is_damaged = true;
  }
  void note(const Result<std::vector<uint64_t>>& found) {
    note(found.status());
    if (found.is_ok()) lists.push_back(found.value());
  }
  void note(const ColumnsSnapshot& now, const Result<DocSet>& found) {
    note(found.status());
    if (!found.is_ok()) return;
    note(now.docs(found.value()));
    note(now.rows(found.value()));
    note(now.owners(found.value()));
    note(now.count_owners(found.value()).status());
    note(now, now.family(found.value()), 1);
  }
  void note(const ColumnsSnapshot& now, const Result<DocSet>& found, int) {
    note(found.status());
    if (found.is_ok()) note(now.docs(found.value()));
  }
};

Answers ask(const ColumnsSnapshot& now) {
  Answers answers;
  for (const std::string path : {"day", "name", "place", "seen", "other", ""}) {
    answers.note(now, now.equal(path, whole_value(int64_t{-2})));
    answers.note(now, now.equal(path, text_value("bb")));
    answers.note(now, now.equal(path, null_value()));
    answers.note(now, now.between(path, Bound{whole_value(int64_t{-1})}, {}));
    answers.note(now, now.between(path, {}, Bound{text_value("b"), true}));
    answers.note(now, now.exists(path, true));
    answers.note(now, now.within(path, {10, 20}, 3000));
    answers.note(now, now.box(path, -50, 90, 60, -90));
    const std::vector<Place> corners = {{-60, -100}, {70, 0}, {-60, 100}};
    answers.note(now, now.polygon(path, corners));
  }
  const std::vector<uint64_t> ids = {0, 1, 5, 9, 17, 30, 33};
  answers.note(now, now.of_docs(ids));
  answers.note(now, now.of_rows(ids));
  answers.note(now, now.of_owners(ids));
  const auto all = now.all();
  answers.note(now, all);
  if (all.is_ok()) {
    answers.note(now, now.invert(all.value()));
    answers.note(all.value().has(17).status());
    answers.note(now.visit_rows(all.value(), [](std::span<const RowId>) {}));
  }
  answers.note(now.verify());
  return answers;
}

// What a writer reads of it when it merges segments and writes new ones.
void change(Columns& columns) {
  const std::vector<DocId> gone = {1, 2, 5, 6, 29};
  const Status erased = columns.erase(gone);
  REQUIRE_ALWAYS(erased.is_ok() || erased.code() == StatusCode::kCorruption);
  const Status put = columns.put(documents(20, 30));
  REQUIRE_ALWAYS(put.is_ok() || put.code() == StatusCode::kCorruption);
  REQUIRE_ALWAYS(columns.commit(columns.generation()).is_ok());
  const Status sealed = columns.seal();
  REQUIRE_ALWAYS(sealed.is_ok() || sealed.code() == StatusCode::kCorruption);
  (void)ask(columns.snapshot());
}

void attempt(const uint8_t* bytes, size_t size) {
  static const Files good = made();
  static const Answers expected =
      ask(Columns::open_in(std::make_shared<MemoryDirectory>(good), kTruth).value()->snapshot());
  Source source(bytes, size);
  const bool is_repaired = source.byte() % 8 != 0;
  Files files = edited(good, source);
  if (is_repaired) repair(files);
  auto columns = Columns::open_in(std::make_shared<MemoryDirectory>(files), kTruth);
  REQUIRE_ALWAYS(columns.is_ok());
  if (!columns.value()->dropped_because().empty()) return;
  const Answers answers = ask(columns.value()->snapshot());
  if (!is_repaired && !files["columns"].empty()) {
    REQUIRE_ALWAYS(answers.is_damaged || answers == expected);
  }
  change(*columns.value());
}

}  // namespace
}  // namespace nearsight::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  nearsight::fuzz::attempt(bytes, size);
  return 0;
}
