// A random rotation that costs n log n: four rounds of random signs and a Walsh-Hadamard transform.
//
// Rotated, every direction of the data is spread over all dimensions, so that one bit of each says
// equally much (RaBitQ asks for a random rotation; this one is Ailon and Chazelle's, "The fast
// Johnson-Lindenstrauss transform", SIAM J. Comput. 2009). It keeps dot products.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nearsight/code_kernels.h"

namespace nearsight {

class Rotation {
 public:
  Rotation(size_t dim, uint64_t seed, const CodeKernels& kernels);

  // Of a rotated vector: a multiple of 64, so that codes are whole words.
  static size_t rotated_dim(size_t dim) { return (dim + 63) / 64 * 64; }
  size_t rotated_dim() const { return rotated_dim(dim_); }

  // to = R * from. `from` has dim numbers, `to` rotated_dim().
  void apply(const float* from, float* to) const;

 private:
  static constexpr size_t kRounds = 4;

  size_t dim_;
  size_t window_;  // the largest power of two in rotated_dim()
  const CodeKernels* kernels_;
  std::vector<float> signs_;  // kRounds * rotated_dim(), scaled so that lengths stay
};

}  // namespace nearsight
