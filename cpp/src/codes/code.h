// One bit a dimension (RaBitQ: Gao and Long, SIGMOD 2024, arXiv 2405.12497): what a row leaves in a
// block of codes, and what a query brings to read it.
//
// A rotated residual r of D numbers is kept as its signs s and one factor |r|^2 / sum|r_i|. Then
// factor * dot(query, s) estimates dot(query, r) without bias, whatever the query; the error has a
// standard deviation of at most |query| * factor * sqrt(1 - a^2) / sqrt((D - 1) / D) where a =
// sum|r_i| / (|r| sqrt(D)), about 0.8 after a random rotation (theorem 3.2 there).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nearsight/code_kernels.h"

namespace nearsight {

inline constexpr size_t kBlockRows = 32;

// What the code of one residual says besides its bits.
struct CodeFacts {
  float factor = 0;  // 0 where the residual is
  float error = 0;   // standard deviation of the estimate, for a query of length 1, over factor
  float length = 0;  // |residual|
};

// Writes the bits of residual[dim] as row `row` of a block of codes that is zero there.
CodeFacts encode(const float* residual, size_t dim, uint8_t* block, size_t row);

// The tables of one rotated query.
class QueryTables {
 public:
  explicit QueryTables(size_t dim) : dim_(dim), tables_(dim * 4 + 64) {}

  void fill(const float* rotated);
  // What the scan reads. With a `margin`, scores are upper bounds: so much is added to each
  // estimate before it is multiplied by the row's factor.
  CodeQuery query(float margin = 0) const { return {tables_.data(), scale_, base_ + margin}; }

 private:
  size_t dim_;
  std::vector<uint8_t> tables_;
  float scale_ = 0;
  float base_ = 0;
};

}  // namespace nearsight
