// Opens and searches a compressed index that a fuzzer has edited.
#include <cmath>
#include <cstddef>

#include "../cpp/scratch.h"
#include "nearsight/codes.h"
#include "require.h"
#include "sealing.h"

namespace nearsight::fuzz {
namespace {

const TruthId kOwner = {7};
constexpr uint32_t kDim = 5;
constexpr size_t kTableCrcAt = 84;  // in the header page (cpp/FORMAT.md)
constexpr size_t kRowsAt = 32, kBlocksAt = 40, kListsAt = 48;

// Rows in three directions, with gaps between their ids.
class Rows final : public RowSource {
 public:
  size_t size() const override { return 150; }
  Status read(size_t begin, size_t count, RowId* ids, float* rows) const override {
    for (size_t i = 0; i < count; ++i) {
      const size_t row = begin + i;
      ids[i] = 100 + 3 * row;
      float squares = 0;
      for (size_t d = 0; d < kDim; ++d) {
        float& number = rows[i * kDim + d];
        number = (row % 3 == d ? 2.0f : 0.1f) + 0.5f * std::sin(static_cast<float>(row * 13 + d));
        squares += number * number;
      }
      for (size_t d = 0; d < kDim; ++d) rows[i * kDim + d] /= std::sqrt(squares);
    }
    return Status::ok();
  }
};

Files made() {
  const test::Scratch scratch;
  const auto directory = open_directory(scratch.path()).value();
  Progress progress;
  const Codes::Plan plan{kDim, kOwner, "codes", directory.get()};
  REQUIRE_ALWAYS(Codes::build(Rows(), plan, progress).is_ok());
  return {{"codes", test::read_file(scratch.file("codes"))}};
}

// The data of a file of such counts (cpp/FORMAT.md); 0 if that would be large.
size_t size_of(uint64_t rows, uint64_t blocks, uint64_t lists) {
  if (rows > 5000 || blocks > 5000 || lists > 5000) return 0;
  const uint64_t coarse = (lists + 31) / 32, wide = 64;
  uint64_t size = 0;
  for (const uint64_t section :
       {wide * 4, (lists + 1) * 24, coarse * 128, coarse * 4 * wide, lists * wide * 2,
        128 * wide * 2, blocks * 128, blocks * 4 * wide, rows * 4, rows * 32}) {
    size += (section + kPageBytes - 1) / kPageBytes * kPageBytes;
  }
  return size;
}

void repair(std::string& bytes) {
  const size_t size = size_of(read<uint64_t>(bytes, kRowsAt), read<uint64_t>(bytes, kBlocksAt),
                              read<uint64_t>(bytes, kListsAt));
  const uint32_t crc = seal_data(bytes, size > 0 ? size : data_bytes(bytes.size()));
  write(bytes, kTableCrcAt, crc);
  seal_page(bytes);
}

void require_decent(const Status& status) {
  REQUIRE_ALWAYS(status.is_ok() || status.code() == StatusCode::kCorruption ||
                 status.code() == StatusCode::kUnsupported);
}

std::vector<RowId> ids_of(const Result<CodesAnswer>& answer) {
  std::vector<RowId> ids;
  for (const ScoredRow& row : answer.value().rows) ids.push_back(row.id);
  return ids;
}

// Everything that can be asked. The ids that an exhaustive search finds, in their order.
std::vector<RowId> ask(const Codes& codes, bool& is_damaged) {
  float query[kDim] = {0.6f, 0.8f, 0, 0, 0};
  const auto all = codes.search({query, codes.size()});
  const auto few = codes.search({query, 3, 0.5f});
  RowMask allowed(400);
  for (size_t row = 0; row < 400; row += 7) allowed.set(row);
  const auto mask = codes.mask(allowed);
  for (const Status& status :
       {all.status(), few.status(), mask.status(), codes.ids().status(), codes.verify()}) {
    require_decent(status);
    is_damaged = is_damaged || !status.is_ok();
  }
  if (mask.is_ok()) {
    const auto some = codes.search({query, 10, 0.9f, &mask.value(), &allowed});
    require_decent(some.status());
    require_decent(codes.search({query, 10, 0.9f, &mask.value()}).status());
  }
  return all.is_ok() ? ids_of(all) : std::vector<RowId>();
}

void attempt(const uint8_t* bytes, size_t size) {
  static const Files good = made();
  static const std::vector<RowId> expected = [] {
    bool is_damaged = false;
    return ask(*Codes::open(MemoryDirectory(good), "codes", kOwner, kDim).value(), is_damaged);
  }();
  Source source(bytes, size);
  const bool is_repaired = source.byte() % 8 != 0;
  Files files = edited(good, source);
  if (is_repaired) repair(files["codes"]);
  const auto codes = Codes::open(MemoryDirectory(files), "codes", kOwner, kDim);
  if (!codes.is_ok()) {
    require_decent(codes.status());
    return;
  }
  bool is_damaged = false;
  const std::vector<RowId> found = ask(*codes.value(), is_damaged);
  if (!is_repaired) REQUIRE_ALWAYS(is_damaged || found == expected);
}

}  // namespace
}  // namespace nearsight::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  nearsight::fuzz::attempt(bytes, size);
  return 0;
}
