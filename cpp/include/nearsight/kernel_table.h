// The plain table of function pointers that each instruction set fills in.
//
// This header has no inline code and no C++ library in it on purpose: the instruction set files
// include nothing else of ours, so that no AVX code can leak into functions shared with old CPUs.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace nearsight {

struct Kernels {
  const char* name;  // "scalar", "avx2"

  // out[i] = dot(query, rows + i * stride) for i in [0, count). dim <= stride, both in elements;
  // rows need no alignment. f16 rows are IEEE binary16; sums are f32 in both.
  void (*score_f32)(const float* query, const float* rows, size_t count, size_t dim, size_t stride,
                    float* out);
  void (*score_f16)(const float* query, const uint16_t* rows, size_t count, size_t dim,
                    size_t stride, float* out);

  // CRC-32C (Castagnoli, RFC 3720) of bytes, continuing from `crc` (0 to begin).
  uint32_t (*crc32c)(uint32_t crc, const void* bytes, size_t size);
};

}  // namespace nearsight
