#include "rotation.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "noise.h"

namespace nearsight {

Rotation::Rotation(size_t dim, uint64_t seed, const CodeKernels& kernels)
    : dim_(dim),
      window_(std::bit_floor(rotated_dim(dim))),
      kernels_(&kernels),
      signs_(kRounds * rotated_dim(dim)) {
  Noise noise(seed);
  const size_t size = rotated_dim();
  const float scale = 1.0f / std::sqrt(static_cast<float>(window_));
  for (size_t i = 0; i < signs_.size(); ++i) {
    const size_t round = i / size, at = i % size;
    const size_t begin = round % 2 == 0 ? 0 : size - window_;
    const bool is_mixed = at >= begin && at < begin + window_;  // by this round's transform
    signs_[i] = (noise.next() >> 63 ? 1.0f : -1.0f) * (is_mixed ? scale : 1.0f);
  }
}

// A length that is no power of two is mixed from both ends in turn.
void Rotation::apply(const float* from, float* to) const {
  const size_t size = rotated_dim();
  std::copy_n(from, dim_, to);
  std::fill(to + dim_, to + size, 0.0f);
  for (size_t round = 0; round < kRounds; ++round) {
    const float* const signs = signs_.data() + round * size;
    for (size_t i = 0; i < size; ++i) to[i] *= signs[i];
    kernels_->transform(to + (round % 2 == 0 ? 0 : size - window_), window_);
  }
}

}  // namespace nearsight
