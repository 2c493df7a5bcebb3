// NEON, which every 64-bit ARM has, and ARMv8's CRC, by function attribute. Compiled to nothing
// elsewhere.
#include "nearsight/kernel_table.h"

#if defined(__aarch64__)
#include <arm_acle.h>
#include <arm_neon.h>

#define NEARSIGHT_WIDE

namespace nearsight {
namespace {

constexpr size_t kTileQueries = 5;

struct Floats {
  using Query = float;
  using Numbers = float32x4_t;
  using Sums = float32x4_t;
  using Score = float;
  static constexpr size_t kLanes = 4;
  static constexpr size_t kSums = 4;

  static float32x4_t zero() { return vdupq_n_f32(0); }
  static float32x4_t load(const float* from) { return vld1q_f32(from); }
  static float32x4_t load(const uint16_t* from) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)));
  }
  static float32x4_t multiply_add(float32x4_t a, float32x4_t b, float32x4_t sum) {
    return vfmaq_f32(sum, a, b);
  }
  static float32x4_t add(float32x4_t a, float32x4_t b) { return vaddq_f32(a, b); }
  static float sum_of(float32x4_t v) { return vaddvq_f32(v); }
  static void sums_of_four(const float32x4_t* v, float* out) {
    vst1q_f32(out, vpaddq_f32(vpaddq_f32(v[0], v[1]), vpaddq_f32(v[2], v[3])));
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
  using Numbers = int16x8_t;
  using Sums = int32x4_t;
  using Score = int32_t;
  static constexpr size_t kLanes = 8;
  static constexpr size_t kSums = 4;

  static int32x4_t zero() { return vdupq_n_s32(0); }
  static int16x8_t load(const int8_t* from) { return vmovl_s8(vld1_s8(from)); }
  static int16x8_t load(const int16_t* from) { return vld1q_s16(from); }
  static int32x4_t multiply_add(int16x8_t a, int16x8_t b, int32x4_t sum) {
    return vmlal_high_s16(vmlal_s16(sum, vget_low_s16(a), vget_low_s16(b)), a, b);
  }
  static int32x4_t add(int32x4_t a, int32x4_t b) { return vaddq_s32(a, b); }
  static int32_t sum_of(int32x4_t v) { return vaddvq_s32(v); }
  static void sums_of_four(const int32x4_t* v, int32_t* out) {
    vst1q_s32(out, vpaddq_s32(vpaddq_s32(v[0], v[1]), vpaddq_s32(v[2], v[3])));
  }
};

void ask(const void* line) { __builtin_prefetch(line); }

#include "loops.h"

__attribute__((target("+crc"))) uint32_t crc32c(uint32_t crc, const void* bytes, size_t size) {
  const auto* byte = static_cast<const uint8_t*>(bytes);
  crc = ~crc;
  for (; size >= 8; size -= 8, byte += 8) {
    uint64_t word;
    __builtin_memcpy(&word, byte, 8);
    crc = __crc32cd(crc, word);
  }
  for (; size > 0; --size, ++byte) crc = __crc32cb(crc, *byte);
  return ~crc;
}

}  // namespace

extern const Kernels kNeonKernels;
const Kernels kNeonKernels = {"neon", {score<F32>, score<F16>, score_i8}, crc32c};

}  // namespace nearsight

#endif
