// Every constant of a graph file (cpp/FORMAT.md) and the arithmetic of its layout.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "calibration.h"
#include "nearsight/types.h"

namespace nearsight {

static_assert(std::endian::native == std::endian::little, "graphs are mapped as they are");

inline constexpr std::string_view kGraphMagic = "NSGRAPH\n";
inline constexpr uint32_t kGraphVersion = 1;
inline constexpr size_t kGraphPage = 4096;
inline constexpr uint64_t kMaxLinkedRows = uint64_t{1} << 31;
inline constexpr size_t kLinks = 16;                // of a row on each upper level (the paper's M)
inline constexpr size_t kGroundLinks = 2 * kLinks;  // on the lowest
inline constexpr size_t kLevels = 16;               // a row is on at most so many upper ones

// A list of links: how many there are, then places of rows.
inline constexpr size_t kUpperList = 1 + kLinks, kGroundList = 1 + kGroundLinks;  // numbers

// The header page; zeros between it and its CRC in the page's last four bytes.
struct GraphHeader {
  char magic[8];
  uint32_t version;
  uint32_t dim;
  TruthId owner;
  uint64_t rows;
  uint64_t upper_lists;
  RowId first_row;
  RowId last_row;
  uint32_t entry;   // the place of the row where searches begin
  uint32_t levels;  // upper levels that it is on
  uint32_t table_crc;
  Calibration calibration;
};
static_assert(sizeof(GraphHeader) + sizeof(uint32_t) <= kGraphPage);

// Where everything is. An element is a row, its links on the lowest level, and its next twin: the
// next row of the same numbers. Of twins, only the first is linked; 0: there is no next one.
struct GraphLayout {
  GraphLayout(uint64_t dim, uint64_t rows, uint64_t upper_lists) {
    const auto to = [](uint64_t bytes, uint64_t unit) { return (bytes + unit - 1) / unit * unit; };
    links_at = to(dim * 2, 64);
    twin_at = links_at + kGroundList * 4;
    stride = to(twin_at + 4, 64);
    elements = kGraphPage;
    upper_starts = to(elements + rows * stride, kGraphPage);
    uppers = to(upper_starts + (rows + 1) * 4, kGraphPage);
    row_ids = to(uppers + upper_lists * kUpperList * 4, kGraphPage);
    table = to(row_ids + rows * 4, kGraphPage);
    size = table + (table - kGraphPage + 65535) / 65536 * 4;
  }

  uint64_t links_at, twin_at, stride;  // of an element
  uint64_t elements, upper_starts, uppers, row_ids, table, size;
};

}  // namespace nearsight
