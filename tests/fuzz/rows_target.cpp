// Opens, searches and writes a cache of rows that a fuzzer has edited.
#include <cmath>
#include <numeric>

#include "../cpp/scratch.h"
#include "nearsight/index.h"
#include "require.h"
#include "sealing.h"

namespace nearsight::fuzz {
namespace {

const TruthId kTruth = {1, 2, 3};
const std::vector<Field> kFields = {{"picture", 5, Element::kF32, Metric::kCosine},
                                    {"labels", 3, Element::kF16, Metric::kDot},
                                    {"small", 9, Element::kI8, Metric::kCosine}};
// In the manifest (cpp/FORMAT.md): before the fields, and from the number of segments on.
constexpr size_t kFieldsAt = 44, kHeaderRowsAt = 36, kHeaderFieldsAt = 44;

void append(Index& index, RowId first, size_t count) {
  std::vector<RowId> ids(count);
  std::iota(ids.begin(), ids.end(), first);
  std::vector<std::vector<float>> numbers;
  for (const Field& field : kFields) {
    numbers.emplace_back(count * field.dim);
    for (size_t i = 0; i < numbers.back().size(); ++i) {
      numbers.back()[i] = std::sin(static_cast<float>(first + 7 * i)) + 0.01f;
    }
  }
  const std::vector<std::span<const float>> spans(numbers.begin(), numbers.end());
  REQUIRE_ALWAYS(index.append(ids, spans).is_ok());
}

Files made() {
  const test::Scratch scratch;
  const auto index = std::move(Index::open(scratch.path(), kTruth, kFields).value());
  append(*index, 1, 70);
  REQUIRE_ALWAYS(index->commit(1).is_ok() && index->seal().is_ok());
  append(*index, 80, 20);
  const std::vector<RowId> gone = {3, 4, 85};
  REQUIRE_ALWAYS(index->erase(gone).is_ok());
  REQUIRE_ALWAYS(index->commit(2).is_ok() && index->seal().is_ok());
  Files files;
  for (const std::string& name : scratch.names()) files[name] = test::read_file(scratch.file(name));
  return files;
}

std::string fields_of(const std::string& segment) {
  size_t end = kHeaderFieldsAt + 4;
  for (const Field& field : kFields) end += 4 + field.name.size() + 6;
  return segment.substr(kHeaderFieldsAt, end - kHeaderFieldsAt);
}

// The data of a segment of so many rows.
uint64_t size_of(uint64_t rows) {
  const auto padded = [](uint64_t size) {
    return (size + kPageBytes - 1) / kPageBytes * kPageBytes;
  };
  uint64_t size = padded(rows * sizeof(RowId));
  for (size_t f = 0; f < kFields.size(); ++f) size = padded(size + rows * 64);
  return size;
}

// Makes segments that are as long as the manifest says, with the rows that it says, and CRCs.
void repair(Files& files, const std::string& fields) {
  std::string& manifest = files["manifest"];
  size_t at = kFieldsAt + fields.size() + 4;
  while (at + 24 < manifest.size()) {
    const auto number = read<uint64_t>(manifest, at), rows = read<uint64_t>(manifest, at + 8);
    const auto segment = files.find("rows-" + std::to_string(number) + ".seg");
    if (segment != files.end()) {
      std::string& bytes = segment->second;
      write(bytes, kHeaderRowsAt, rows);
      seal_page(bytes);
      const bool is_small = rows < 2000;
      write(manifest, at + 16,
            seal_data(bytes, is_small ? size_of(rows) : data_bytes(bytes.size())));
    }
    const auto words = read<uint64_t>(manifest, at + 20);
    if (words > manifest.size()) break;
    at += 28 + 8 * words;
  }
  seal_whole(manifest);
}

struct Answers {
  std::vector<RowId> ids;
  std::vector<double> scores;
  bool is_damaged = false;
  bool operator==(const Answers&) const = default;

  void note(const Status& status) {
    if (status.is_ok()) return;
    REQUIRE_ALWAYS(status.code() == StatusCode::kCorruption);
    is_damaged = true;
  }
  template <class T>
  void note(const Result<T>& found) {
    note(found.status());
    if constexpr (std::is_same_v<T, std::vector<ScoredRow>>) {
      if (!found.is_ok()) return;
      for (const ScoredRow& row : found.value()) {
        ids.push_back(row.id);
        scores.push_back(row.score);
      }
    }
  }
};

Answers ask(const Index& index) {
  Answers answers;
  const auto now = index.snapshot();
  const Term picture = {"picture", {1, 2, 3, 4, 5}};
  const Term labels = {"labels", {1, 0, 0}, 0.5f};
  const Term small = {"small", {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  const std::vector<Rank> one = {Rank{{picture}}},
                          two = {Rank{{small, labels}}, Rank{{labels}, -1, Squash::kExp}};
  answers.note(now->search(one, 1000));
  answers.note(now->search(two, 5, 3));
  answers.note(now->search_many("picture", picture.query, 1, 5));
  answers.note(now->at_least(two, 0.1));
  const std::vector<RowId> some = {1, 2, 3, 69, 80, 85, 86, 1000};
  const auto mask = now->mask_of(some);
  answers.note(mask);
  if (mask.is_ok()) answers.note(now->search(one, 4, 0, &mask.value()));
  const auto ids = now->ids();
  answers.note(ids);
  answers.note(now->newer_than(60));
  if (ids.is_ok() && !ids.value().empty() && ids.value().size() < 2000) {
    std::vector<float> numbers(ids.value().size() * 9);
    const Status status = now->read(2, ids.value(), numbers.data());
    if (status.code() != StatusCode::kInvalidArgument) answers.note(status);  // ids not ascending
  }
  answers.note(now->verify());
  return answers;
}

// What a writer reads of it when it merges segments and writes new ones.
void change(Index& index) {
  const std::vector<RowId> gone = {1, 2, 5, 6, 7, 81, 82};
  const Status erased = index.erase(gone);
  REQUIRE_ALWAYS(erased.is_ok() || erased.code() == StatusCode::kCorruption);
  if (index.last_id() > uint64_t{1} << 60) return;
  append(index, index.last_id() + 1, 60);
  REQUIRE_ALWAYS(index.commit(index.generation()).is_ok());
  const Status sealed = index.seal();
  REQUIRE_ALWAYS(sealed.is_ok() || sealed.code() == StatusCode::kCorruption);
  (void)ask(index);
}

void attempt(const uint8_t* bytes, size_t size) {
  static const Files good = made();
  static const std::string fields = fields_of(good.at("rows-1.seg"));
  static const Answers expected =
      ask(*Index::open_in(std::make_shared<MemoryDirectory>(good), kTruth, kFields).value());
  Source source(bytes, size);
  const bool is_repaired = source.byte() % 8 != 0;
  Files files = edited(good, source);
  if (is_repaired) repair(files, fields);
  auto index = Index::open_in(std::make_shared<MemoryDirectory>(files), kTruth, kFields);
  REQUIRE_ALWAYS(index.is_ok());
  if (!index.value()->dropped_because().empty()) return;
  const Answers answers = ask(*index.value());
  if (!is_repaired && !files["manifest"].empty()) {
    REQUIRE_ALWAYS(answers.is_damaged || answers == expected);
  }
  change(*index.value());
}

}  // namespace
}  // namespace nearsight::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  nearsight::fuzz::attempt(bytes, size);
  return 0;
}
