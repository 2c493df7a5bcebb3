// AVX2 + FMA + F16C, and SSE4.2's CRC: by function attribute, so that the library itself is built
// for the baseline CPU. Compiled to nothing elsewhere.
#include "nearsight/kernel_table.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define NEARSIGHT_WIDE __attribute__((target("avx2,fma,f16c,sse4.2")))

namespace nearsight {
namespace {

constexpr size_t kTileQueries = 3;

struct Floats {
  using Query = float;
  using Numbers = __m256;
  using Sums = __m256;
  using Score = float;
  static constexpr size_t kLanes = 8;
  static constexpr size_t kSums = 4;

  NEARSIGHT_WIDE static __m256 zero() { return _mm256_setzero_ps(); }
  NEARSIGHT_WIDE static __m256 load(const float* from) { return _mm256_loadu_ps(from); }
  NEARSIGHT_WIDE static __m256 load(const uint16_t* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  NEARSIGHT_WIDE static __m256 multiply_add(__m256 a, __m256 b, __m256 sum) {
    return _mm256_fmadd_ps(a, b, sum);
  }
  NEARSIGHT_WIDE static __m256 add(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }

  NEARSIGHT_WIDE static float sum_of(__m256 v) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    sum = _mm_add_ss(sum, _mm_shuffle_ps(sum, sum, 1));
    return _mm_cvtss_f32(sum);
  }

  NEARSIGHT_WIDE static void sums_of_four(const __m256* v, float* out) {
    const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
    const __m128 high = _mm256_extractf128_ps(pairs, 1);
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(pairs), high));
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
  using Numbers = __m256i;
  using Sums = __m256i;
  using Score = int32_t;
  static constexpr size_t kLanes = 16;
  static constexpr size_t kSums = 4;

  NEARSIGHT_WIDE static __m256i zero() { return _mm256_setzero_si256(); }
  NEARSIGHT_WIDE static __m256i load(const int8_t* from) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  NEARSIGHT_WIDE static __m256i load(const int16_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  NEARSIGHT_WIDE static __m256i multiply_add(__m256i a, __m256i b, __m256i sum) {
    return add(sum, _mm256_madd_epi16(a, b));
  }
  NEARSIGHT_WIDE static __m256i add(__m256i a, __m256i b) { return _mm256_add_epi32(a, b); }

  NEARSIGHT_WIDE static int32_t sum_of(__m256i v) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
  }

  NEARSIGHT_WIDE static void sums_of_four(const __m256i* v, int32_t* out) {
    const __m256i pairs =
        _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3]));
    const __m128i high = _mm256_extracti128_si256(pairs, 1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_add_epi32(_mm256_castsi256_si128(pairs), high));
  }
};

NEARSIGHT_WIDE void ask(const void* line) {
  _mm_prefetch(static_cast<const char*>(line), _MM_HINT_T0);
}

#include "loops.h"

}  // namespace

extern const Kernels kAvx2Kernels;
uint32_t crc32c_of_sse42(uint32_t crc, const void* bytes, size_t size);

NEARSIGHT_WIDE uint32_t crc32c_of_sse42(uint32_t crc, const void* bytes, size_t size) {
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

const Kernels kAvx2Kernels = {"avx2", {score<F32>, score<F16>, score_i8}, crc32c_of_sse42};

}  // namespace nearsight

#endif
