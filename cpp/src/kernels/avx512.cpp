// AVX-512 F, BW and VNNI: by function attribute, so that the library itself is built for the
// baseline CPU. Compiled to nothing elsewhere.
#include "nearsight/kernel_table.h"

#if defined(__x86_64__)
#pragma GCC diagnostic push  // GCC 12 takes its own header's "undefined" vectors for mistakes
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#define NEARSIGHT_WIDE __attribute__((target("avx512f,avx512bw,avx512vnni,fma")))

namespace nearsight {

uint32_t crc32c_of_sse42(uint32_t crc, const void* bytes, size_t size);  // avx2.cpp

namespace {

constexpr size_t kTileQueries = 6;

struct Floats {
  using Query = float;
  using Numbers = __m512;
  using Sums = __m512;
  using Score = float;
  static constexpr size_t kLanes = 16;
  static constexpr size_t kSums = 2;

  NEARSIGHT_WIDE static __m512 zero() { return _mm512_setzero_ps(); }
  NEARSIGHT_WIDE static __m512 load(const float* from) { return _mm512_loadu_ps(from); }
  NEARSIGHT_WIDE static __m512 load(const uint16_t* from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  NEARSIGHT_WIDE static __m512 multiply_add(__m512 a, __m512 b, __m512 sum) {
    return _mm512_fmadd_ps(a, b, sum);
  }
  NEARSIGHT_WIDE static __m512 add(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }
  NEARSIGHT_WIDE static float sum_of(__m512 v) { return _mm512_reduce_add_ps(v); }

  // Pairs, then fours of the vectors side by side in each quarter, then the quarters together.
  NEARSIGHT_WIDE static void sums_of_four(const __m512* v, float* out) {
    const __m512 a = add(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1]));
    const __m512 b = add(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3]));
    const __m512 c = add(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));
    const __m512 d = add(c, _mm512_shuffle_f32x4(c, c, 0x4e));
    _mm_storeu_ps(out, _mm512_castps512_ps128(add(d, _mm512_shuffle_f32x4(d, d, 0xb1))));
  }
};

struct F32 : Floats {
  using Number = float;
};

struct F16 : Floats {
  using Number = uint16_t;
};

struct I8 {
  using Number = int8_t;
  using Query = int16_t;
  using Numbers = __m512i;
  using Sums = __m512i;
  using Score = int32_t;
  static constexpr size_t kLanes = 32;
  static constexpr size_t kSums = 2;

  NEARSIGHT_WIDE static __m512i zero() { return _mm512_setzero_si512(); }
  NEARSIGHT_WIDE static __m512i load(const int8_t* from) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  NEARSIGHT_WIDE static __m512i load(const int16_t* from) { return _mm512_loadu_si512(from); }
  NEARSIGHT_WIDE static __m512i multiply_add(__m512i a, __m512i b, __m512i sum) {
    return _mm512_dpwssd_epi32(sum, a, b);
  }
  NEARSIGHT_WIDE static __m512i add(__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }
  NEARSIGHT_WIDE static int32_t sum_of(__m512i v) { return _mm512_reduce_add_epi32(v); }

  NEARSIGHT_WIDE static void sums_of_four(const __m512i* v, int32_t* out) {
    const __m512i a = add(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
    const __m512i b = add(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));
    const __m512i c = add(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    const __m512i d = add(c, _mm512_shuffle_i32x4(c, c, 0x4e));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm512_castsi512_si128(add(d, _mm512_shuffle_i32x4(d, d, 0xb1))));
  }
};

NEARSIGHT_WIDE void ask(const void* line) {
  _mm_prefetch(static_cast<const char*>(line), _MM_HINT_T0);
}

#include "loops.h"

}  // namespace

extern const Kernels kAvx512Kernels;
const Kernels kAvx512Kernels = {"avx512", {score<F32>, score<F16>, score_i8}, crc32c_of_sse42};

}  // namespace nearsight

#endif
