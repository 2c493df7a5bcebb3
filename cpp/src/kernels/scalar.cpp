// The reference kernels: plain C++ for the baseline CPU. Every other table is tested against these.
#include "nearsight/kernel_table.h"

namespace nearsight {
namespace {

// Sixteen partial sums: the rounding error grows with dim / 16 instead of dim, and the compiler can
// use whatever vectors the baseline CPU has without reordering our additions.
constexpr size_t kLanes = kDimStep;

float sum_of(const float* lanes) {
  float sum = 0;
  for (size_t i = 0; i < kLanes; ++i) sum += lanes[i];
  return sum;
}

float widen(float value) { return value; }

// IEEE binary16 to binary32. Shifting the exponent and fraction into place and multiplying by 2^112
// corrects the bias and turns half subnormals into normals in one step; infinity and NaN keep their
// fraction and get the exponent of all ones back after it.
float widen(uint16_t half) {
  const uint32_t magnitude = half & 0x7fffu;
  const float scaled = __builtin_bit_cast(float, magnitude << 13) * 0x1p112f;
  const uint32_t special = magnitude >= 0x7c00u ? 0x7f800000u : 0u;
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  return __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, scaled) | special | sign);
}

template <class T>
float dot(const float* query, const T* row, size_t dim) {
  float lanes[kLanes] = {};
  for (size_t i = 0; i < dim; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] += query[i + lane] * widen(row[i + lane]);
  }
  return sum_of(lanes);
}

int32_t dot(const int16_t* query, const int8_t* row, size_t dim) {
  int32_t sum = 0;
  for (size_t i = 0; i < dim; ++i) sum += query[i] * row[i];
  return sum;
}

template <class Query, class Number>
void score(const Query* queries, size_t query_count, const Number* rows, const uint32_t* which,
           size_t count, size_t dim, size_t stride, float* out) {
  for (size_t i = 0; i < count; ++i) {
    const Number* const row = rows + (which == nullptr ? i : which[i]) * stride;
    for (size_t q = 0; q < query_count; ++q) {
      out[q * count + i] = static_cast<float>(dot(queries + q * dim, row, dim));
    }
  }
}

void score_i8(const int16_t* queries, size_t query_count, const int8_t* rows, const uint32_t* which,
              size_t count, size_t dim, size_t stride, float* out) {
  score(queries, query_count, rows, which, count, dim, stride, out);
  for (size_t i = 0; i < count; ++i) {
    float scale;
    const size_t row = which == nullptr ? i : which[i];
    __builtin_memcpy(&scale, rows + (row + 1) * stride - sizeof scale, sizeof scale);
    for (size_t q = 0; q < query_count; ++q) out[q * count + i] *= scale;
  }
}

// Eight bytes at a time ("slicing by 8", Kounavis and Berry 2005): row s of the table takes a byte
// past s further bytes, so that eight look-ups don't wait for each other.
struct CrcTable {
  uint32_t of_byte[8][256];
};

// The reflected Castagnoli polynomial (RFC 3720, appendix B.4).
constexpr CrcTable make_crc_table() {
  CrcTable table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0u);
    table.of_byte[0][byte] = crc;
  }
  for (size_t slice = 1; slice < 8; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t crc = table.of_byte[slice - 1][byte];
      table.of_byte[slice][byte] = (crc >> 8) ^ table.of_byte[0][crc & 0xff];
    }
  }
  return table;
}

constexpr CrcTable kCrcTable = make_crc_table();

uint32_t crc32c(uint32_t crc, const void* bytes, size_t size) {
  const auto* byte = static_cast<const uint8_t*>(bytes);
  const auto& table = kCrcTable.of_byte;
  crc = ~crc;
  for (; size >= 8; size -= 8, byte += 8) {
    uint32_t mixed[8];
    for (size_t i = 0; i < 8; ++i) mixed[i] = byte[i] ^ (i < 4 ? crc >> (8 * i) & 0xff : 0);
    crc = 0;
    for (size_t i = 0; i < 8; ++i) crc ^= table[7 - i][mixed[i]];
  }
  for (; size > 0; --size, ++byte) crc = (crc >> 8) ^ table[0][(crc ^ *byte) & 0xff];
  return ~crc;
}

}  // namespace

extern const Kernels kScalarKernels;
const Kernels kScalarKernels = {
    "scalar", {score<float, float>, score<float, uint16_t>, score_i8}, crc32c};

}  // namespace nearsight
