// Every constant of cpp/FORMAT.md, and the arithmetic of a segment's layout.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "nearsight/cache_files.h"
#include "nearsight/store.h"
#include "nearsight/types.h"

namespace nearsight {

static_assert(std::endian::native == std::endian::little, "cache files are mapped as they are");

inline constexpr uint32_t kFormatVersion = 1;
inline constexpr std::string_view kManifestMagic = "NSCACHE\n";
inline constexpr std::string_view kSegmentMagic = "NSROWS1\n";

// With 8 fields of 65536 f32 and sketches a row has less than 2^22 bytes: 2^40 rows can't overflow
// 64 bits.
inline constexpr uint64_t kMaxRows = uint64_t{1} << 40;

inline constexpr CacheNames kNames{"manifest", "rows"};

// Where everything is in a segment's data. REQUIRES rows <= kMaxRows and fields that passed the
// door.
struct Layout {
  Layout(uint64_t rows, std::span<const Field> fields) : size(padded(rows * sizeof(RowId))) {
    for (size_t f = 0; f < fields.size(); ++f) {
      vectors[f] = size;
      size = padded(size + rows * stride_bytes(fields[f]));
      sketches[f] = size;
      size = padded(size + rows * sketch_bytes(fields[f]));
    }
  }

  static constexpr uint64_t padded(uint64_t offset) {
    return (offset + kPageBytes - 1) / kPageBytes * kPageBytes;
  }

  std::array<uint64_t, kMaxFields> vectors{};
  std::array<uint64_t, kMaxFields> sketches{};
  uint64_t size;
};

}  // namespace nearsight
