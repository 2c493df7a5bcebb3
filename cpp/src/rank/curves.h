// What becomes of scores on their way to a key.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "nearsight/rank.h"

namespace nearsight {

inline constexpr double kMostKey = std::numeric_limits<double>::max();

inline double curved(Curve curve, float score) {
  return curve == Curve::kLinear ? score : std::log(std::max(score, kLogFloor));
}

inline double squashed(Squash squash, double sum) {
  switch (squash) {
    case Squash::kLinear:
      break;
    case Squash::kSigmoid:
      return 1 / (1 + std::exp(-sum));
    case Squash::kExp:
      return std::exp(sum);
  }
  return sum;
}

// Huge weights can overflow, and infinity minus infinity is not a number: such a row still has a
// place, at the very end.
inline double placed(double sum) {
  return std::isnan(sum) ? -kMostKey : std::clamp(sum, -kMostKey, kMostKey);
}

inline double weighed(const ReadyRank& rank, double sum) {
  return rank.weight * placed(squashed(rank.squash, rank.bias + sum));
}

}  // namespace nearsight
