// The plain table of function pointers that each instruction set fills in.
//
// This header has no inline code and no C++ library in it on purpose: the instruction set files
// include nothing else of ours but their shared loops, so that no AVX code can leak into functions
// shared with old CPUs.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace nearsight {

// What a kernel's `dim` is a multiple of, for f32 and f16 rows and for i8 rows: queries end with
// zeros up to it, f32 and f16 rows too, i8 rows with anything. So no kernel has a tail.
enum { kDimStep = 16, kByteDimStep = 32 };

// The magnitudes of a query for i8 rows add up to at most this: then no sum overflows 32 bits.
enum { kMaxQuerySum = 0x7fffffff / 127 };

// What scores rows. out[q * count + i] = dot(query q, row i) for `query_count` queries, one after
// another, and the rows at rows + which[i] * stride, i in [0, count); without `which` those at
// rows + i * stride. `dim` and `stride` are in numbers, dim <= stride, but for i8 rows, whose scale
// may count as numbers. Nothing needs to be aligned.
// f32 and f16 (IEEE binary16) are summed in f32: a row's score depends on no other row nor on its
// place, but is rounded otherwise by several queries than by one. An i8 row is bytes from -127 to
// 127 and, in the last four bytes of its stride, an f32 by which their exact sum is multiplied.
struct Scores {
  void (*f32)(const float* queries, size_t query_count, const float* rows, const uint32_t* which,
              size_t count, size_t dim, size_t stride, float* out);
  void (*f16)(const float* queries, size_t query_count, const uint16_t* rows, const uint32_t* which,
              size_t count, size_t dim, size_t stride, float* out);
  void (*i8)(const int16_t* queries, size_t query_count, const int8_t* rows, const uint32_t* which,
             size_t count, size_t dim, size_t stride, float* out);
};

struct Kernels {
  const char* name;  // "scalar", "avx2", "avx512", "neon"

  struct Scores score;

  // CRC-32C (Castagnoli, RFC 3720) of bytes, continuing from `crc` (0 to begin).
  uint32_t (*crc32c)(uint32_t crc, const void* bytes, size_t size);
};

}  // namespace nearsight
