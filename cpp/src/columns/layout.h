// The sections of a part's data (cpp/FORMAT.md), and the arithmetic of where they are.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "nearsight/cache_files.h"

namespace nearsight {

static_assert(std::endian::native == std::endian::little, "cache files are mapped as they are");

inline constexpr uint32_t kColumnsVersion = 1;
inline constexpr std::string_view kColumnsMagic = "NSFACTS\n";
inline constexpr std::string_view kColumnsSegmentMagic = "NSFACT1\n";
inline constexpr CacheNames kColumnsNames{"columns", "facts"};

inline constexpr size_t kSectionAlignment = 8;
inline constexpr uint64_t kMaxDocs = std::numeric_limits<uint32_t>::max();  // of one part
inline constexpr uint64_t kMaxCount = uint64_t{1} << 40;  // of anything else: sums can't overflow

// How much there is of everything: all that a layout depends on.
struct Counts {
  uint64_t docs;
  uint64_t owners;  // different ones
  uint64_t rows;    // different ones, 0 among them
  uint64_t columns;
  uint64_t column_bytes;
  uint64_t keys;
  uint64_t key_bytes;
  uint64_t postings;

  bool is_possible() const {
    return docs >= 1 && docs <= kMaxDocs && owners >= 1 && owners <= docs && rows >= 1 &&
           rows <= docs && columns <= kMaxCount && column_bytes <= kMaxCount && keys <= kMaxCount &&
           key_bytes <= kMaxCount && postings <= kMaxCount;
  }
};

// Where the bytes and the items of an entry end; they begin where those of the entry before end.
struct End {
  uint64_t bytes;
  uint64_t items;
};

enum class Section : uint8_t {
  kDocs,         // u64 each, ascending
  kOwners,       // u64 each, ascending
  kRows,         // u64 each, ascending
  kOwnerOf,      // u32 a doc: number in kOwners
  kRowOf,        // u32 a doc: number in kRows
  kColumns,      // End each: of its name, of its keys
  kColumnBytes,  // names, ascending
  kKeys,         // End each: of its bytes, of its postings
  kKeyBytes,     // ascending within a column
  kPostings,     // u32 each: number in kDocs
};
inline constexpr size_t kSections = 10;

// REQUIRES counts that are possible.
struct ColumnsLayout {
  explicit ColumnsLayout(const Counts& counts)
      : elements{counts.docs,      counts.owners,  counts.rows,         counts.docs,
                 counts.docs,      counts.columns, counts.column_bytes, counts.keys,
                 counts.key_bytes, counts.postings} {
    for (size_t i = 0; i < kSections; ++i) {
      begins[i] = size;
      size += elements[i] * kElementBytes[i];
      size = (size + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
    }
  }

  static constexpr std::array<size_t, kSections> kElementBytes = {8, 8, 8, 4, 4, 16, 1, 16, 1, 4};
  std::array<uint64_t, kSections> elements;
  std::array<uint64_t, kSections> begins{};
  uint64_t size = 0;
};

}  // namespace nearsight
