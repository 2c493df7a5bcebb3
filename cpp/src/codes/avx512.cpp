// AVX-512: two bytes of 32 rows' codes in one register, where AVX2 takes one.
#include "nearsight/code_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define NEARSIGHT_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,f16c")))

namespace nearsight {
namespace {

constexpr size_t kAhead = 4;  // rows that are asked for before they are scored

// The tables of two bytes, low and high nibble of each, as the two look-ups want them.
struct Tables {
  __m512i low, high;
};

NEARSIGHT_AVX512 Tables tables_at(const uint8_t* tables) {
  const __m512i all = _mm512_loadu_si512(tables);
  return {_mm512_shuffle_i64x2(all, all, 0xa0), _mm512_shuffle_i64x2(all, all, 0xf5)};
}

NEARSIGHT_AVX512 __m512i look_up(const Tables& tables, const uint8_t* codes) {
  const __m512i nibble = _mm512_set1_epi8(15);
  const __m512i bits = _mm512_loadu_si512(codes);
  const __m512i low = _mm512_and_si512(bits, nibble);
  const __m512i high = _mm512_and_si512(_mm512_srli_epi16(bits, 4), nibble);
  return _mm512_add_epi8(_mm512_shuffle_epi8(tables.low, low),
                         _mm512_shuffle_epi8(tables.high, high));
}

// The sums of one block as they grow: see avx2.cpp for the two halves.
struct Sums {
  __m512i both, upper;
};

NEARSIGHT_AVX512 void grow(Sums& sums, __m512i bytes) {
  sums.both = _mm512_add_epi16(sums.both, bytes);
  sums.upper = _mm512_add_epi16(sums.upper, _mm512_srli_epi16(bytes, 8));
}

NEARSIGHT_AVX512 __m256i halves_of(__m512i v) {
  return _mm256_add_epi16(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
}

NEARSIGHT_AVX512 __m512 sixteen(__m256i numbers) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(numbers));
}

// What the scores of a scan are made with.
struct Line {
  __m512 scale, base, centre, least;
};

NEARSIGHT_AVX512 uint32_t finish(const Sums& sums, const Line& line, const float* factors,
                                 float* scores) {
  const __m256i odd = halves_of(sums.upper);
  const __m256i even = _mm256_sub_epi16(halves_of(sums.both), _mm256_slli_epi16(odd, 8));
  const __m256i low = _mm256_unpacklo_epi16(even, odd), high = _mm256_unpackhi_epi16(even, odd);
  const __m256i rows[2] = {_mm256_permute2x128_si256(low, high, 0x20),
                           _mm256_permute2x128_si256(low, high, 0x31)};
  uint32_t hit = 0;
  for (unsigned part = 0; part < 2; ++part) {
    const __m512 sum = _mm512_fmadd_ps(sixteen(rows[part]), line.scale, line.base);
    const __m512 score = _mm512_fmadd_ps(sum, _mm512_loadu_ps(factors + part * 16), line.centre);
    _mm512_storeu_ps(scores + part * 16, score);
    hit |= static_cast<uint32_t>(_mm512_cmp_ps_mask(score, line.least, _CMP_GE_OQ)) << part * 16;
  }
  return hit;
}

// Two blocks share the loads of the tables. REQUIRES row_bytes % 4 == 0.
template <size_t kBlocks>
NEARSIGHT_AVX512 void scan_some(const CodeQuery* query, const CodeBlocks* blocks, size_t block,
                                const Line& line, float* scores, uint32_t* hits) {
  const size_t row_bytes = blocks->row_bytes;
  const uint8_t* const codes = blocks->codes + block * 32 * row_bytes;
  Sums sums[kBlocks];
  for (Sums& sum : sums) sum = {_mm512_setzero_si512(), _mm512_setzero_si512()};
  for (size_t group = 0; group < row_bytes; group += 4) {
    const Tables first = tables_at(query->tables + group * 32);
    const Tables second = tables_at(query->tables + group * 32 + 64);
    for (size_t i = 0; i < kBlocks; ++i) {
      const uint8_t* const at = codes + i * 32 * row_bytes + group * 32;
      grow(sums[i], _mm512_add_epi8(look_up(first, at), look_up(second, at + 64)));
    }
  }
  for (size_t i = 0; i < kBlocks; ++i) {
    const size_t at = (block + i) * 32;
    hits[block + i] = finish(sums[i], line, blocks->factors + at, scores + at);
  }
}

NEARSIGHT_AVX512 void scan(const CodeQuery* query, const CodeBlocks* blocks, float centre,
                           float threshold, float* scores, uint32_t* hits) {
  const Line line = {_mm512_set1_ps(query->scale), _mm512_set1_ps(query->base),
                     _mm512_set1_ps(centre), _mm512_set1_ps(threshold)};
  size_t block = 0;
  for (; block + 2 <= blocks->count; block += 2)
    scan_some<2>(query, blocks, block, line, scores, hits);
  if (block < blocks->count) scan_some<1>(query, blocks, block, line, scores, hits);
}

NEARSIGHT_AVX512 __m512 wide(const uint16_t* halves) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves)));
}

NEARSIGHT_AVX512 float sum_of(__m512 v) {
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_shuffle_ps(sum, sum, 1)));
}

NEARSIGHT_AVX512 float dot(const float* query, const uint16_t* row, size_t dim) {
  __m512 sum[4];
  for (__m512& lane : sum) lane = _mm512_setzero_ps();
  size_t i = 0;
  for (; i + 64 <= dim; i += 64) {
    for (size_t lane = 0; lane < 4; ++lane) {
      const size_t at = i + 16 * lane;
      sum[lane] = _mm512_fmadd_ps(wide(row + at), _mm512_loadu_ps(query + at), sum[lane]);
    }
  }
  for (; i + 16 <= dim; i += 16)
    sum[0] = _mm512_fmadd_ps(wide(row + i), _mm512_loadu_ps(query + i), sum[0]);
  float total = sum_of(_mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
  for (; i < dim; ++i) total += query[i] * _cvtsh_ss(row[i]);
  return total;
}

NEARSIGHT_AVX512 void ask_for(const uint16_t* row, size_t dim) {
  for (size_t i = 0; i < dim; i += 32) _mm_prefetch(row + i, _MM_HINT_T0);
}

NEARSIGHT_AVX512 void score_apart(const float* query, const uint16_t* const* rows, size_t count,
                                  size_t dim, float* out) {
  for (size_t i = 0; i < count && i < kAhead; ++i) ask_for(rows[i], dim);
  for (size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) ask_for(rows[i + kAhead], dim);
    out[i] = dot(query, rows[i], dim);
  }
}

NEARSIGHT_AVX512 __m512 within_sixteen(__m512 v) {
  __m512 other = _mm512_permute_ps(v, 0xb1);
  v = _mm512_mask_sub_ps(_mm512_add_ps(v, other), 0xaaaa, other, v);
  other = _mm512_permute_ps(v, 0x4e);
  v = _mm512_mask_sub_ps(_mm512_add_ps(v, other), 0xcccc, other, v);
  other = _mm512_shuffle_f32x4(v, v, 0xb1);
  v = _mm512_mask_sub_ps(_mm512_add_ps(v, other), 0xf0f0, other, v);
  other = _mm512_shuffle_f32x4(v, v, 0x4e);
  return _mm512_mask_sub_ps(_mm512_add_ps(v, other), 0xff00, other, v);
}

NEARSIGHT_AVX512 void transform(float* numbers, size_t size) {
  for (size_t i = 0; i < size; i += 16)
    _mm512_storeu_ps(numbers + i, within_sixteen(_mm512_loadu_ps(numbers + i)));
  for (size_t half = 16; half < size; half *= 2) {
    for (size_t begin = 0; begin < size; begin += 2 * half) {
      for (size_t i = begin; i < begin + half; i += 16) {
        const __m512 a = _mm512_loadu_ps(numbers + i), b = _mm512_loadu_ps(numbers + i + half);
        _mm512_storeu_ps(numbers + i, _mm512_add_ps(a, b));
        _mm512_storeu_ps(numbers + i + half, _mm512_sub_ps(a, b));
      }
    }
  }
}

NEARSIGHT_AVX512 void narrow(const float* from, size_t count, uint16_t* to) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i halves = _mm512_cvtps_ph(_mm512_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), halves);
  }
  for (; i < count; ++i) to[i] = _cvtss_sh(from[i], _MM_FROUND_TO_NEAREST_INT);
}

NEARSIGHT_AVX512 void widen(const uint16_t* from, size_t count, float* to) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) _mm512_storeu_ps(to + i, wide(from + i));
  for (; i < count; ++i) to[i] = _cvtsh_ss(from[i]);
}

}  // namespace

extern const CodeKernels kAvx512Codes;
const CodeKernels kAvx512Codes = {"avx512", scan, score_apart, transform, narrow, widen};

}  // namespace nearsight

#endif
