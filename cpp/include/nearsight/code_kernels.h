// The inner loops of the compressed index: one plain table per instruction set, as kernel_table.h.
//
// No inline code and no C++ library in it: the instruction set files include nothing else of ours.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace nearsight {

// A query as the scan wants it: for each four bits of a code, 16 numbers of at most 63. The
// estimate of dot(query, row - centre) is factor * (base + scale * the sum of what its bits name).
struct CodeQuery {
  const uint8_t* tables;  // 16 for each four dimensions; 64 readable bytes past the end
  float scale;
  float base;
};

// 32 rows side by side: byte [g * 32 + j] holds bits 8g .. 8g + 7 of row j, lowest first.
struct CodeBlocks {
  const uint8_t* codes;
  const float* factors;  // one a row
  size_t count;          // blocks
  size_t row_bytes;      // of a code: a multiple of 8, at most 512
};

struct CodeKernels {
  const char* name;  // the name of the kernels that it goes with

  // scores[i] = centre + factors[i] * (base + scale * sum_i), and bit j of hits[b] says that
  // scores[32 * b + j] >= threshold. 32 * count scores, count hits.
  void (*scan)(const CodeQuery* query, const CodeBlocks* blocks, float centre, float threshold,
               float* scores, uint32_t* hits);

  // out[i] = dot(query, rows[i]) of binary16 rows that lie anywhere, fetched ahead; f32 sums.
  void (*score_apart)(const float* query, const uint16_t* const* rows, size_t count, size_t dim,
                      float* out);

  // The Walsh-Hadamard transform of `size` numbers in place, unscaled. A power of two, at least 64.
  void (*transform)(float* numbers, size_t size);

  // f32 to binary16, ties to even; what is too large for it becomes infinite.
  void (*narrow)(const float* from, size_t count, uint16_t* to);
  void (*widen)(const uint16_t* from, size_t count, float* to);
};

}  // namespace nearsight
