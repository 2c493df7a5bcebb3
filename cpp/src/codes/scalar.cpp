// The reference: plain C++ for the baseline CPU. Every other table is tested against this one.
#include "nearsight/code_kernels.h"

namespace nearsight {
namespace {

float widen(uint16_t half) {
  const uint32_t magnitude = half & 0x7fffu;
  const float scaled = __builtin_bit_cast(float, magnitude << 13) * 0x1p112f;
  const uint32_t special = magnitude >= 0x7c00u ? 0x7f800000u : 0u;
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  return __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, scaled) | special | sign);
}

// Adding the number whose last bit weighs as much as the half's rounds to even by itself.
uint16_t narrow(float value) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  const uint32_t sign = bits >> 16 & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);
  if (magnitude < 0x38800000u) {  // a half subnormal: counted in units of 2^-24
    const float shifted = __builtin_bit_cast(float, magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (__builtin_bit_cast(uint32_t, shifted) - 0x3f000000u));
  }
  const uint32_t rounded = magnitude + 0x0fffu + (magnitude >> 13 & 1u);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

void scan_block(const CodeQuery& query, const uint8_t* codes, size_t row_bytes, uint32_t* sums) {
  for (size_t row = 0; row < 32; ++row) sums[row] = 0;
  for (size_t group = 0; group < row_bytes; ++group) {
    const uint8_t* const low = query.tables + group * 32;
    for (size_t row = 0; row < 32; ++row) {
      const uint8_t bits = codes[group * 32 + row];
      sums[row] += static_cast<uint32_t>(low[bits & 15]) + low[16 + (bits >> 4)];
    }
  }
}

void scan(const CodeQuery* query, const CodeBlocks* blocks, float centre, float threshold,
          float* scores, uint32_t* hits) {
  uint32_t sums[32];
  for (size_t block = 0; block < blocks->count; ++block) {
    const float* const factors = blocks->factors + block * 32;
    scan_block(*query, blocks->codes + block * 32 * blocks->row_bytes, blocks->row_bytes, sums);
    uint32_t hit = 0;
    for (size_t row = 0; row < 32; ++row) {
      const float estimate = query->base + query->scale * static_cast<float>(sums[row]);
      const float score = centre + factors[row] * estimate;
      scores[block * 32 + row] = score;
      hit |= (score >= threshold ? 1u : 0u) << row;
    }
    hits[block] = hit;
  }
}

void score_apart(const float* query, const uint16_t* const* rows, size_t count, size_t dim,
                 float* out) {
  for (size_t i = 0; i < count; ++i) {
    float lanes[16] = {};
    for (size_t j = 0; j < dim; ++j) lanes[j % 16] += query[j] * widen(rows[i][j]);
    out[i] = 0;
    for (const float lane : lanes) out[i] += lane;
  }
}

void transform(float* numbers, size_t size) {
  for (size_t half = 1; half < size; half *= 2) {
    for (size_t begin = 0; begin < size; begin += 2 * half) {
      for (size_t i = begin; i < begin + half; ++i) {
        const float sum = numbers[i] + numbers[i + half];
        numbers[i + half] = numbers[i] - numbers[i + half];
        numbers[i] = sum;
      }
    }
  }
}

void narrow_all(const float* from, size_t count, uint16_t* to) {
  for (size_t i = 0; i < count; ++i) to[i] = narrow(from[i]);
}

void widen_all(const uint16_t* from, size_t count, float* to) {
  for (size_t i = 0; i < count; ++i) to[i] = widen(from[i]);
}

}  // namespace

extern const CodeKernels kScalarCodes;
const CodeKernels kScalarCodes = {"scalar", scan, score_apart, transform, narrow_all, widen_all};

}  // namespace nearsight
