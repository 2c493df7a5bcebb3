// NEON: sixteen table look-ups of four bits in one instruction, twice for 32 rows (see avx2.cpp).
// Compiled to nothing where there is none.
#include "nearsight/code_kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

namespace nearsight {
namespace {

constexpr size_t kAhead = 4;  // rows that are asked for before they are scored

// What one byte of each of sixteen rows' codes adds to their sums: at most 126.
uint8x16_t look_up(uint8x16_t low, uint8x16_t high, const uint8_t* codes) {
  const uint8x16_t bits = vld1q_u8(codes);
  return vaddq_u8(vqtbl1q_u8(low, vandq_u8(bits, vdupq_n_u8(15))),
                  vqtbl1q_u8(high, vshrq_n_u8(bits, 4)));
}

// Rows 8i .. 8i + 7 in sums[i]. REQUIRES row_bytes % 2 == 0.
void scan_block(const uint8_t* tables, const uint8_t* codes, size_t row_bytes, uint16x8_t* sums) {
  for (size_t i = 0; i < 4; ++i) sums[i] = vdupq_n_u16(0);
  for (size_t group = 0; group < row_bytes; group += 2) {
    uint8x16_t table[4];
    for (size_t i = 0; i < 4; ++i) table[i] = vld1q_u8(tables + group * 32 + i * 16);
    for (size_t half = 0; half < 2; ++half) {
      const uint8_t* const at = codes + group * 32 + half * 16;
      const uint8x16_t sum =
          vaddq_u8(look_up(table[0], table[1], at), look_up(table[2], table[3], at + 32));
      sums[2 * half] = vaddw_u8(sums[2 * half], vget_low_u8(sum));
      sums[2 * half + 1] = vaddw_high_u8(sums[2 * half + 1], sum);
    }
  }
}

void scan(const CodeQuery* query, const CodeBlocks* blocks, float centre, float threshold,
          float* scores, uint32_t* hits) {
  const float32x4_t scale = vdupq_n_f32(query->scale), base = vdupq_n_f32(query->base);
  const float32x4_t middle = vdupq_n_f32(centre), least = vdupq_n_f32(threshold);
  const uint32x4_t bit = {1, 2, 4, 8};
  for (size_t block = 0; block < blocks->count; ++block) {
    const float* const factors = blocks->factors + block * 32;
    uint16x8_t sums[4];
    scan_block(query->tables, blocks->codes + block * 32 * blocks->row_bytes, blocks->row_bytes,
               sums);
    uint32_t hit = 0;
    for (size_t row = 0; row < 32; row += 4) {
      const uint16x8_t eight = sums[row / 8];
      const uint32x4_t four = row % 8 == 0 ? vmovl_u16(vget_low_u16(eight)) : vmovl_high_u16(eight);
      const float32x4_t sum = vfmaq_f32(base, vcvtq_f32_u32(four), scale);
      const float32x4_t score = vfmaq_f32(middle, sum, vld1q_f32(factors + row));
      vst1q_f32(scores + block * 32 + row, score);
      hit |= vaddvq_u32(vandq_u32(vcgeq_f32(score, least), bit)) << row;
    }
    hits[block] = hit;
  }
}

float32x4_t wide(const uint16_t* halves) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(halves)));
}

float wide_one(uint16_t half) { return __builtin_bit_cast(__fp16, half); }

float dot(const float* query, const uint16_t* row, size_t dim) {
  float32x4_t sum[4];
  for (float32x4_t& lane : sum) lane = vdupq_n_f32(0);
  size_t i = 0;
  for (; i + 16 <= dim; i += 16) {
    for (size_t lane = 0; lane < 4; ++lane) {
      const size_t at = i + 4 * lane;
      sum[lane] = vfmaq_f32(sum[lane], wide(row + at), vld1q_f32(query + at));
    }
  }
  float total = vaddvq_f32(vaddq_f32(vaddq_f32(sum[0], sum[1]), vaddq_f32(sum[2], sum[3])));
  for (; i < dim; ++i) total += query[i] * wide_one(row[i]);
  return total;
}

void ask_for(const uint16_t* row, size_t dim) {
  for (size_t i = 0; i < dim; i += 32) __builtin_prefetch(row + i);
}

void score_apart(const float* query, const uint16_t* const* rows, size_t count, size_t dim,
                 float* out) {
  for (size_t i = 0; i < count && i < kAhead; ++i) ask_for(rows[i], dim);
  for (size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) ask_for(rows[i + kAhead], dim);
    out[i] = dot(query, rows[i], dim);
  }
}

// The steps of one and of two within eight numbers.
void within_eight(float* numbers) {
  float32x4_t a = vld1q_f32(numbers), b = vld1q_f32(numbers + 4);
  const float32x4_t even = vuzp1q_f32(a, b), odd = vuzp2q_f32(a, b);
  const float32x4_t sum = vaddq_f32(even, odd), rest = vsubq_f32(even, odd);
  a = vzip1q_f32(sum, rest);
  b = vzip2q_f32(sum, rest);
  const float32x4_t low = vcombine_f32(vget_low_f32(a), vget_low_f32(b));
  const float32x4_t high = vcombine_f32(vget_high_f32(a), vget_high_f32(b));
  const float32x4_t sums = vaddq_f32(low, high), rests = vsubq_f32(low, high);
  vst1q_f32(numbers, vcombine_f32(vget_low_f32(sums), vget_low_f32(rests)));
  vst1q_f32(numbers + 4, vcombine_f32(vget_high_f32(sums), vget_high_f32(rests)));
}

void transform(float* numbers, size_t size) {
  for (size_t i = 0; i < size; i += 8) within_eight(numbers + i);
  for (size_t half = 4; half < size; half *= 2) {
    for (size_t begin = 0; begin < size; begin += 2 * half) {
      for (size_t i = begin; i < begin + half; i += 4) {
        const float32x4_t a = vld1q_f32(numbers + i), b = vld1q_f32(numbers + i + half);
        vst1q_f32(numbers + i, vaddq_f32(a, b));
        vst1q_f32(numbers + i + half, vsubq_f32(a, b));
      }
    }
  }
}

void narrow(const float* from, size_t count, uint16_t* to) {
  size_t i = 0;
  for (; i + 4 <= count; i += 4)
    vst1_u16(to + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(from + i))));
  for (; i < count; ++i) to[i] = __builtin_bit_cast(uint16_t, static_cast<__fp16>(from[i]));
}

void widen(const uint16_t* from, size_t count, float* to) {
  size_t i = 0;
  for (; i + 4 <= count; i += 4) vst1q_f32(to + i, wide(from + i));
  for (; i < count; ++i) to[i] = wide_one(from[i]);
}

}  // namespace

extern const CodeKernels kNeonCodes;
const CodeKernels kNeonCodes = {"neon", scan, score_apart, transform, narrow, widen};

}  // namespace nearsight

#endif
