#include "calibration.h"

#include <algorithm>
#include <cmath>

namespace nearsight {
namespace {

// A row has been there when lists were learned and may lie beside its own copies. Queries of
// pictures that were held out miss up to 1.8 times as much as rows do; so much less is aimed at.
constexpr float kOfRows = 0.4f;

// Where a value lies in a rising table: the step below it, and the way from there to the next.
struct Place {
  size_t step;
  float way;  // 0 .. 1

  float in(const float* steps) const { return steps[step] + way * (steps[step + 1] - steps[step]); }
};

Place place_of(float value, const float* steps, size_t count) {
  const auto above = static_cast<size_t>(std::upper_bound(steps, steps + count, value) - steps);
  if (above == 0) return {0, 0};
  if (above == count) return {count - 2, 1};
  return {above - 1, (value - steps[above - 1]) / (steps[above] - steps[above - 1])};
}

Place place_of_k(float k) {
  float logarithms[kReachKCount];
  for (size_t i = 0; i < kReachKCount; ++i)
    logarithms[i] = std::log(static_cast<float>(kReachKs[i]));
  return place_of(std::log(k), logarithms, kReachKCount);
}

}  // namespace

bool Reaches::is_sane() const {
  return std::all_of(needed, needed + kReachKCount, [](const float* of_k) {
    return of_k[0] >= 0 && of_k[kReachShareCount - 1] <= kMostReach &&
           std::is_sorted(of_k, of_k + kReachShareCount,
                          [](float a, float b) { return !(a >= b); });
  });
}

float Reaches::reach_for(float k, float recall) const {
  const Place place = place_of(1 - kOfRows * (1 - recall), kReachShares, kReachShareCount);
  float of_k[kReachKCount];
  for (size_t i = 0; i < kReachKCount; ++i) of_k[i] = place.in(needed[i]);
  return place_of_k(k).in(of_k);
}

float Reaches::recall_at(float k, float reach) const {
  const Place between = place_of_k(k);
  float steps[kReachShareCount];
  for (size_t i = 0; i < kReachShareCount; ++i) {
    float of_k[kReachKCount];
    for (size_t j = 0; j < kReachKCount; ++j) of_k[j] = needed[j][i];
    steps[i] = between.in(of_k);
  }
  const float share = place_of(reach, steps, kReachShareCount).in(kReachShares);
  return 1 - (1 - share) / kOfRows;
}

}  // namespace nearsight
