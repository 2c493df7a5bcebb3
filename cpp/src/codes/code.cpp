#include "code.h"

#include <algorithm>
#include <cmath>

namespace nearsight {
namespace {

constexpr float kMostOfTable = 63;  // four of them fit in a byte

// What the four bits of `bits` add to a sum that begins with all of them unset: 2 |q| where a set
// bit agrees with the sign of q, or an unset one with a negative.
void sixteen_sums(const float* four, float* sums) {
  sums[0] = 0;
  for (size_t b = 0; b < 4; ++b) sums[0] += std::fabs(four[b]) - four[b];
  for (size_t bits = 1; bits < 16; ++bits) {
    const size_t lowest = bits & (~bits + 1);
    const size_t b = lowest == 1 ? 0 : lowest == 2 ? 1 : lowest == 4 ? 2 : 3;
    sums[bits] = sums[bits ^ lowest] + 2 * four[b];
  }
}

float most_of_a_table(const float* rotated, size_t dim) {
  float most = 1e-20f;
  for (size_t i = 0; i < dim; i += 4) {
    const float sum = std::fabs(rotated[i]) + std::fabs(rotated[i + 1]) +
                      std::fabs(rotated[i + 2]) + std::fabs(rotated[i + 3]);
    most = std::max(most, 2 * sum);
  }
  return most;
}

}  // namespace

CodeFacts encode(const float* residual, size_t dim, uint8_t* block, size_t row) {
  float sum = 0, squares = 0;
  for (size_t group = 0; group < dim / 8; ++group) {
    unsigned bits = 0;
    for (size_t b = 0; b < 8; ++b) {
      const float number = residual[group * 8 + b];
      sum += std::fabs(number);
      squares += number * number;
      bits |= (number > 0 ? 1u : 0u) << b;
    }
    block[group * kBlockRows + row] = static_cast<uint8_t>(bits);
  }
  if (!(sum > 1e-12f)) return {};
  const float cosine = sum / std::sqrt(squares * static_cast<float>(dim));
  const float spread = static_cast<float>(dim) / static_cast<float>(dim - 1);
  return {squares / sum, std::sqrt(std::max(0.0f, 1 - cosine * cosine) * spread),
          std::sqrt(squares)};
}

void QueryTables::fill(const float* rotated) {
  const float most = most_of_a_table(rotated, dim_);
  const float unit = kMostOfTable / most;
  base_ = 0;
  for (size_t i = 0; i < dim_; i += 4) {
    float sums[16];
    sixteen_sums(rotated + i, sums);
    for (size_t bits = 0; bits < 16; ++bits) {
      const float clipped = std::max(0.0f, sums[bits] * unit + 0.5f);  // rounding may leave -1e-9
      tables_[i * 4 + bits] = static_cast<uint8_t>(std::min(clipped, kMostOfTable));
    }
    for (size_t b = 0; b < 4; ++b) base_ -= std::fabs(rotated[i + b]);
  }
  scale_ = most / kMostOfTable;
}

}  // namespace nearsight
