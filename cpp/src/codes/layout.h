// Every constant of a codes file (cpp/FORMAT.md) and the arithmetic of its layout.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "calibration.h"
#include "nearsight/types.h"

namespace nearsight {

static_assert(std::endian::native == std::endian::little, "codes are mapped as they are");

inline constexpr std::string_view kCodesMagic = "NSCODES\n";
inline constexpr uint32_t kCodesVersion = 3;
inline constexpr size_t kCodesPage = 4096;
inline constexpr size_t kSpreadRows = 128;  // residuals that tell how wide lists are along a query
inline constexpr uint64_t kMaxCodedRows = uint64_t{1} << 32;

// The header page; zeros between it and its CRC in the page's last four bytes.
struct CodesHeader {
  char magic[8];
  uint32_t version;
  uint32_t dim;
  TruthId owner;
  uint64_t rows;
  uint64_t blocks;
  uint64_t lists;
  uint64_t seed;
  RowId first_row;
  RowId last_row;
  uint64_t unmeasured;  // rows that came or went since the reaches were measured
  uint32_t table_crc;
  Reaches reaches;
};

// One list; there is one more than there are lists, where the next one would begin.
struct ListEntry {
  uint64_t first_slot;
  uint64_t first_block;
  float middle;   // root mean square length of the rows' residuals
  float longest;  // of them; rows that left may have been longer
  float error;    // the largest CodeFacts::error of its rows, as above
  uint32_t zero;

  // In a list that is a mixture, the few that belong elsewhere reach further than a normal
  // distribution would.
  float radius() const { return (middle + longest) / 2; }
};
static_assert(sizeof(ListEntry) == 32);

// Where everything is. Slots number the rows list by list; blocks pad each list to 32.
struct CodesLayout {
  CodesLayout(uint64_t dim, uint64_t rows, uint64_t blocks_, uint64_t lists) {
    const uint64_t wide = (dim + 63) / 64 * 64, coarse = (lists + 31) / 32;
    row_stride = (dim + 15) / 16 * 16;
    uint64_t at = kCodesPage;
    const auto section = [&at](uint64_t bytes) {
      const uint64_t begin = at;
      at = (at + bytes + kCodesPage - 1) / kCodesPage * kCodesPage;
      return begin;
    };
    mean = section(wide * 4);
    entries = section((lists + 1) * sizeof(ListEntry));
    coarse_factors = section(coarse * 32 * 4);
    coarse_codes = section(coarse * 32 * wide / 8);
    centroids = section(lists * wide * 2);
    spread = section(kSpreadRows * wide * 2);
    factors = section(blocks_ * 32 * 4);
    codes = section(blocks_ * 32 * wide / 8);
    row_ids = section(rows * 4);
    vectors = section(rows * row_stride * 2);
    table = at;
    size = table + (table - kCodesPage + 65535) / 65536 * 4;
  }

  uint64_t row_stride;  // of the f16 rows, in numbers
  uint64_t mean, entries, coarse_factors, coarse_codes, centroids, spread;
  uint64_t factors, codes, row_ids, vectors, table, size;
};

}  // namespace nearsight
