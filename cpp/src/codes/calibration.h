// How far from a list's centroid rows lie that are looked for: measured when codes are built.
//
// The model of a search (probe.h) takes the rows of a list for normally distributed along the
// query. Near-copies of a query are not: their residuals point its way. So a search reaches at
// least as far as neighbours of the rows themselves were seen to lie.
#pragma once

#include <cstddef>

namespace nearsight {

inline constexpr size_t kReachKs[] = {1, 10, 100};
inline constexpr float kReachShares[] = {0.5f,   0.7f,   0.8f,   0.85f,  0.9f,    0.93f,
                                         0.95f,  0.97f,  0.98f,  0.985f, 0.99f,   0.993f,
                                         0.995f, 0.997f, 0.998f, 0.999f, 0.9995f, 0.9999f};
inline constexpr size_t kReachKCount = sizeof kReachKs / sizeof *kReachKs;
inline constexpr size_t kReachShareCount = sizeof kReachShares / sizeof *kReachShares;
inline constexpr float kMostReach = 100;  // every list promises enough with it

// The multiples of radius * spread with which the lists promised enough to be looked into that held
// such a share of the k best, for rows that asked for others. All 0: nothing was measured.
struct Reaches {
  float needed[kReachKCount][kReachShareCount];

  bool is_sane() const;  // 0 .. kMostReach and rising with the share
  // What to reach for such a share of the k best on average, and back. Between the k that were
  // measured it goes with their logarithm.
  float reach_for(float k, float recall) const;
  float recall_at(float k, float reach) const;
};

}  // namespace nearsight
