// AVX2: sixteen table look-ups of four bits in one instruction, for 32 rows at a time (FastScan:
// Andre, Kermarrec, Le Scouarnec, "Cache locality is not enough", VLDB 2015).
#include "nearsight/code_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define NEARSIGHT_AVX2 __attribute__((target("avx2,fma,f16c")))

namespace nearsight {
namespace {

constexpr size_t kAhead = 4;  // rows that are asked for before they are scored

NEARSIGHT_AVX2 __m256i table_at(const uint8_t* tables) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(tables)));
}

NEARSIGHT_AVX2 __m256i look_up(const uint8_t* tables, const uint8_t* codes) {
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
  const __m256i low = _mm256_and_si256(bits, nibble);
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bits, 4), nibble);
  return _mm256_add_epi8(_mm256_shuffle_epi8(table_at(tables), low),
                         _mm256_shuffle_epi8(table_at(tables + 16), high));
}

// Four numbers of at most 63 fit in a byte. Bytes are added two at a time as 16 bits: the even one
// with the odd one above it, and the odd one alone, which is taken off again at the end.
NEARSIGHT_AVX2 void scan_block(const uint8_t* tables, const uint8_t* codes, size_t row_bytes,
                               uint16_t* even, uint16_t* odd) {
  __m256i both = _mm256_setzero_si256();
  __m256i upper = _mm256_setzero_si256();
  for (size_t group = 0; group < row_bytes; group += 2) {
    const __m256i sum = _mm256_add_epi8(look_up(tables + group * 32, codes + group * 32),
                                        look_up(tables + group * 32 + 32, codes + group * 32 + 32));
    both = _mm256_add_epi16(both, sum);
    upper = _mm256_add_epi16(upper, _mm256_srli_epi16(sum, 8));
  }
  const __m256i lower = _mm256_sub_epi16(both, _mm256_slli_epi16(upper, 8));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(even), lower);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(odd), upper);
}

// Rows 8i .. 8i + 7 from the even and the odd ones.
NEARSIGHT_AVX2 __m256 eight(const uint16_t* even, const uint16_t* odd, size_t from) {
  const __m128i a = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(even + from / 2));
  const __m128i b = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(odd + from / 2));
  return _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_unpacklo_epi16(a, b)));
}

NEARSIGHT_AVX2 void scan(const CodeQuery* query, const CodeBlocks* blocks, float centre,
                         float threshold, float* scores, uint32_t* hits) {
  const __m256 scale = _mm256_set1_ps(query->scale), base = _mm256_set1_ps(query->base);
  const __m256 middle = _mm256_set1_ps(centre), least = _mm256_set1_ps(threshold);
  alignas(32) uint16_t even[16], odd[16];
  for (size_t block = 0; block < blocks->count; ++block) {
    const float* const factors = blocks->factors + block * 32;
    scan_block(query->tables, blocks->codes + block * 32 * blocks->row_bytes, blocks->row_bytes,
               even, odd);
    uint32_t hit = 0;
    for (size_t row = 0; row < 32; row += 8) {
      const __m256 sum = _mm256_fmadd_ps(eight(even, odd, row), scale, base);
      const __m256 score = _mm256_fmadd_ps(sum, _mm256_loadu_ps(factors + row), middle);
      _mm256_storeu_ps(scores + block * 32 + row, score);
      const int bits = _mm256_movemask_ps(_mm256_cmp_ps(score, least, _CMP_GE_OQ));
      hit |= static_cast<uint32_t>(bits) << row;
    }
    hits[block] = hit;
  }
}

NEARSIGHT_AVX2 float sum_of(__m256 v) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_shuffle_ps(sum, sum, 1)));
}

NEARSIGHT_AVX2 __m256 wide(const uint16_t* halves) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(halves)));
}

NEARSIGHT_AVX2 float dot(const float* query, const uint16_t* row, size_t dim) {
  __m256 sum[4];
  for (__m256& lane : sum) lane = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + 32 <= dim; i += 32) {
    for (size_t lane = 0; lane < 4; ++lane) {
      const size_t at = i + 8 * lane;
      sum[lane] = _mm256_fmadd_ps(wide(row + at), _mm256_loadu_ps(query + at), sum[lane]);
    }
  }
  for (; i + 8 <= dim; i += 8)
    sum[0] = _mm256_fmadd_ps(wide(row + i), _mm256_loadu_ps(query + i), sum[0]);
  float total = sum_of(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
  for (; i < dim; ++i) total += query[i] * _cvtsh_ss(row[i]);
  return total;
}

NEARSIGHT_AVX2 void ask_for(const uint16_t* row, size_t dim) {
  for (size_t i = 0; i < dim; i += 32) _mm_prefetch(row + i, _MM_HINT_T0);
}

NEARSIGHT_AVX2 void score_apart(const float* query, const uint16_t* const* rows, size_t count,
                                size_t dim, float* out) {
  for (size_t i = 0; i < count && i < kAhead; ++i) ask_for(rows[i], dim);
  for (size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) ask_for(rows[i + kAhead], dim);
    out[i] = dot(query, rows[i], dim);
  }
}

NEARSIGHT_AVX2 __m256 within_eight(__m256 v) {
  __m256 other = _mm256_permute_ps(v, 0xb1);
  v = _mm256_blend_ps(_mm256_add_ps(v, other), _mm256_sub_ps(other, v), 0xaa);
  other = _mm256_permute_ps(v, 0x4e);
  v = _mm256_blend_ps(_mm256_add_ps(v, other), _mm256_sub_ps(other, v), 0xcc);
  other = _mm256_permute2f128_ps(v, v, 1);
  return _mm256_blend_ps(_mm256_add_ps(v, other), _mm256_sub_ps(other, v), 0xf0);
}

NEARSIGHT_AVX2 void transform(float* numbers, size_t size) {
  for (size_t i = 0; i < size; i += 8)
    _mm256_storeu_ps(numbers + i, within_eight(_mm256_loadu_ps(numbers + i)));
  for (size_t half = 8; half < size; half *= 2) {
    for (size_t begin = 0; begin < size; begin += 2 * half) {
      for (size_t i = begin; i < begin + half; i += 8) {
        const __m256 a = _mm256_loadu_ps(numbers + i), b = _mm256_loadu_ps(numbers + i + half);
        _mm256_storeu_ps(numbers + i, _mm256_add_ps(a, b));
        _mm256_storeu_ps(numbers + i + half, _mm256_sub_ps(a, b));
      }
    }
  }
}

NEARSIGHT_AVX2 void narrow(const float* from, size_t count, uint16_t* to) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), halves);
  }
  for (; i < count; ++i) to[i] = _cvtss_sh(from[i], _MM_FROUND_TO_NEAREST_INT);
}

NEARSIGHT_AVX2 void widen(const uint16_t* from, size_t count, float* to) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) _mm256_storeu_ps(to + i, wide(from + i));
  for (; i < count; ++i) to[i] = _cvtsh_ss(from[i]);
}

}  // namespace

extern const CodeKernels kAvx2Codes;
const CodeKernels kAvx2Codes = {"avx2", scan, score_apart, transform, narrow, widen};

}  // namespace nearsight

#endif
