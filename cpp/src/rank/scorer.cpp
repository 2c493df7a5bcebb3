#include <algorithm>

#include "curves.h"
#include "nearsight/rank.h"

namespace nearsight {
void score_rows(const Kernels& kernels, const Queries& queries, const std::byte* rows, Picks picks,
                float* scores) {
  const auto& [count, field, element, first, dim, stride, numbers, whole, steps] = queries;
  const Scores& score = kernels.score;
  if (element == Element::kF32) {
    const auto* const f32 = reinterpret_cast<const float*>(rows) + first;
    score.f32(numbers.data(), count, f32, picks.which, picks.count, dim, stride, scores);
  } else if (element == Element::kF16) {
    const auto* const f16 = reinterpret_cast<const uint16_t*>(rows) + first;
    score.f16(numbers.data(), count, f16, picks.which, picks.count, dim, stride, scores);
  } else {
    const auto* const i8 = reinterpret_cast<const int8_t*>(rows);
    score.i8(whole.data(), count, i8, picks.which, picks.count, dim, stride, scores);
    for (size_t q = 0; q < count; ++q, scores += picks.count) {
      for (size_t i = 0; i < picks.count; ++i) scores[i] *= steps[q];
    }
  }
}

Scorer::Scorer(const Kernels& kernels, std::vector<ReadyRank> ranks)
    : kernels_(kernels), ranks_(std::move(ranks)) {
  for (const ReadyRank& rank : ranks_) {
    for (const ReadyTerm& term : rank.terms) {
      keys_read_.rows.push_back(term.query.field);
      (term.rough ? bounds_read_.sketches : bounds_read_.rows).push_back(term.query.field);
    }
  }
  for (auto* fields : {&keys_read_.rows, &bounds_read_.rows, &bounds_read_.sketches}) {
    std::sort(fields->begin(), fields->end());
    fields->erase(std::unique(fields->begin(), fields->end()), fields->end());
  }
}

void Scorer::keys(const FieldRows& rows, Picks picks, double* keys) const {
  const size_t count = picks.count;
  std::fill_n(keys, count, 0.0);
  if (ranks_.size() == 1) {
    add_sums(ranks_[0], rows, picks, keys);
    const double sign = direction();
    for (size_t i = 0; i < count; ++i) keys[i] = sign * placed(keys[i]);
    return;
  }
  for (const ReadyRank& rank : ranks_) {
    double sums[kMaxBlockRows] = {};
    add_sums(rank, rows, picks, sums);
    for (size_t i = 0; i < count; ++i) keys[i] += weighed(rank, sums[i]);
  }
  for (size_t i = 0; i < count; ++i) keys[i] = placed(keys[i]);
}

double Scorer::score(double key) const {
  return ranks_.size() == 1 ? placed(weighed(ranks_[0], direction() * key)) : key;
}

void Scorer::add_sums(const ReadyRank& rank, const FieldRows& rows, Picks picks,
                      double* sums) const {
  float scores[kMaxBlockRows];
  for (const ReadyTerm& term : rank.terms) {
    score_rows(kernels_, term.query, rows[term.query.field], picks, scores);
    const double weight = term.weight;
    for (size_t i = 0; i < picks.count; ++i) sums[i] += weight * curved(term.curve, scores[i]);
  }
}

// Which way the only rank's sums order: a weight of 0 makes ties of all rows.
double Scorer::direction() const {
  const double weight = ranks_[0].weight;
  return weight > 0 ? 1 : weight < 0 ? -1 : 0;
}

}  // namespace nearsight
