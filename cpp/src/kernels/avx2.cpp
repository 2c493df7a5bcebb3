// AVX2 + FMA + F16C, and SSE4.2's CRC: by function attribute, so that the library itself is built
// for the baseline CPU. Compiled to nothing elsewhere.
#include "nearsight/kernel_table.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define NEARSIGHT_AVX2 __attribute__((target("avx2,fma,f16c,sse4.2")))

namespace nearsight {
namespace {

// One FMA takes 4 cycles and two start in each: eight sums of eight numbers keep both units busy.
constexpr size_t kStep = 64;

// Rows are read once and in order, and memory is the limit (measured: 95 % of a plain read). The
// hardware prefetcher stops at each 4 KiB page; asking this far ahead carries the stream over the
// border. Two or four rows at once share the loads of the query but break the stream: 30 % slower.
constexpr size_t kAheadBytes = 4096;

NEARSIGHT_AVX2 float sum_of(__m256 v) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  sum = _mm_add_ss(sum, _mm_shuffle_ps(sum, sum, 1));
  return _mm_cvtss_f32(sum);
}

NEARSIGHT_AVX2 __m256 load(const float* row) { return _mm256_loadu_ps(row); }

NEARSIGHT_AVX2 __m256 load(const uint16_t* row) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row)));
}

NEARSIGHT_AVX2 float widen(float value) { return value; }

NEARSIGHT_AVX2 float widen(uint16_t half) { return _cvtsh_ss(half); }

NEARSIGHT_AVX2 void ask_ahead(const void* row, size_t bytes) {
  const char* ahead = static_cast<const char*>(row) + kAheadBytes;
  for (size_t i = 0; i < bytes; i += 64) _mm_prefetch(ahead + i, _MM_HINT_T0);
}

template <class T>
NEARSIGHT_AVX2 float dot(const float* query, const T* row, size_t dim) {
  __m256 sum[8];
  for (__m256& lane : sum) lane = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + kStep <= dim; i += kStep) {
    ask_ahead(row + i, kStep * sizeof(T));
    for (size_t lane = 0; lane < 8; ++lane) {
      const size_t at = i + 8 * lane;
      sum[lane] = _mm256_fmadd_ps(load(row + at), _mm256_loadu_ps(query + at), sum[lane]);
    }
  }
  for (; i + 8 <= dim; i += 8) {
    sum[0] = _mm256_fmadd_ps(load(row + i), _mm256_loadu_ps(query + i), sum[0]);
  }
  for (size_t width = 4; width > 0; width /= 2) {
    for (size_t lane = 0; lane < width; ++lane)
      sum[lane] = _mm256_add_ps(sum[lane], sum[lane + width]);
  }
  float total = sum_of(sum[0]);
  for (; i < dim; ++i) total += query[i] * widen(row[i]);
  return total;
}

NEARSIGHT_AVX2 void score_f32(const float* query, const float* rows, size_t count, size_t dim,
                              size_t stride, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = dot(query, rows + i * stride, dim);
}

NEARSIGHT_AVX2 void score_f16(const float* query, const uint16_t* rows, size_t count, size_t dim,
                              size_t stride, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = dot(query, rows + i * stride, dim);
}

NEARSIGHT_AVX2 uint32_t crc32c(uint32_t crc, const void* bytes, size_t size) {
  const auto* byte = static_cast<const uint8_t*>(bytes);
  uint64_t wide = ~crc;
  for (; size >= 8; size -= 8, byte += 8) {
    uint64_t word;
    __builtin_memcpy(&word, byte, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  auto narrow = static_cast<uint32_t>(wide);
  for (; size > 0; --size, ++byte) narrow = _mm_crc32_u8(narrow, *byte);
  return ~narrow;
}

}  // namespace

extern const Kernels kAvx2Kernels;
const Kernels kAvx2Kernels = {"avx2", score_f32, score_f16, crc32c};

}  // namespace nearsight

#endif
