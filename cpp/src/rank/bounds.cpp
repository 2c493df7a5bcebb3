// Between what keys lie, told from sketches.
//
// Everything on the way from a score to a key keeps order (weights below 0 turn it), roundings to
// nearest too: what is done to the score, done to its two bounds in the same order, bounds what
// comes out. Only where a library's function is called, its own rounding comes on top.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "curves.h"

namespace nearsight {
namespace {

constexpr double kLogSlack = 1e-5;  // of the logarithm, in f32, of what lies above kLogFloor: a few
constexpr double kExpSlack = 1e-14;  // units in the last place, as of the exponential in double

float slip_of(const std::byte* sketches, size_t row, size_t stride) {
  float slip;
  std::memcpy(&slip, sketches + (row + 1) * stride - kSlipFromEnd, sizeof slip);
  return slip;
}

double log_of(double score) { return std::log(std::max<double>(score, kLogFloor)); }

// Adds weight * what lies between low and high.
void add(double weight, double low, double high, double& lows, double& highs) {
  lows += weight * (weight < 0 ? high : low);
  highs += weight * (weight < 0 ? low : high);
}

// Where a sum left what numbers can hold, nothing is known of the key.
void settle(double& low, double& high) {
  if (high - low <= kMostKey) return;
  low = -kMostKey;
  high = kMostKey;
}

}  // namespace

void Scorer::bounds(const FieldRows& rows, const FieldRows& sketches, Picks picks, double* lows,
                    double* highs) const {
  const size_t count = picks.count;
  std::fill_n(lows, count, 0.0);
  std::fill_n(highs, count, 0.0);
  if (ranks_.size() == 1) {
    add_bounds(ranks_[0], rows, sketches, picks, lows, highs);
    const double sign = direction();
    for (size_t i = 0; i < count; ++i) {
      settle(lows[i], highs[i]);
      const double low = lows[i], high = highs[i];
      lows[i] = std::min(sign * low, sign * high);
      highs[i] = std::max(sign * low, sign * high);
    }
    return;
  }
  for (const ReadyRank& rank : ranks_) {
    double sum_lows[kMaxBlockRows] = {}, sum_highs[kMaxBlockRows] = {};
    add_bounds(rank, rows, sketches, picks, sum_lows, sum_highs);
    for (size_t i = 0; i < count; ++i) {
      settle(sum_lows[i], sum_highs[i]);
      const double one = weighed(rank, sum_lows[i]), other = weighed(rank, sum_highs[i]);
      const double slack = kExpSlack * std::max(std::fabs(one), std::fabs(other));
      lows[i] += std::min(one, other) - slack;
      highs[i] += std::max(one, other) + slack;
    }
  }
  for (size_t i = 0; i < count; ++i) settle(lows[i], highs[i]);
}

void Scorer::add_bounds(const ReadyRank& rank, const FieldRows& rows, const FieldRows& sketches,
                        Picks picks, double* lows, double* highs) const {
  float scores[kMaxBlockRows];
  for (const ReadyTerm& term : rank.terms) {
    const double weight = term.weight;
    if (!term.rough) {
      score_rows(kernels_, term.query, rows[term.query.field], picks, scores);
      for (size_t i = 0; i < picks.count; ++i) {
        const double score = curved(term.curve, scores[i]);
        add(weight, score, score, lows[i], highs[i]);
      }
      continue;
    }
    const auto& [query, reach, slack] = *term.rough;
    const std::byte* const found = sketches[query.field];
    score_rows(kernels_, query, found, picks, scores);
    for (size_t i = 0; i < picks.count; ++i) {
      const double off = reach * slip_of(found, picks[i], query.stride) + slack;
      double low = scores[i] - off, high = scores[i] + off;
      if (term.curve == Curve::kLog) {
        low = log_of(low) - kLogSlack;
        high = log_of(high) + kLogSlack;
      }
      add(weight, low, high, lows[i], highs[i]);
    }
  }
}

}  // namespace nearsight
