#include <algorithm>
#include <cmath>

#include "nearsight/rank.h"

namespace nearsight {
namespace {

bool is_plain(std::span<const ReadyTerm> terms) {
  return terms.size() == 1 && terms[0].curve == Curve::kLinear && terms[0].weight == 1.0f;
}

// A sum of huge weights can overflow, and infinity minus infinity is not a number: such a row still
// has a place, at the very end.
float placed(float sum) {
  constexpr float kMost = std::numeric_limits<float>::max();
  return std::isnan(sum) ? -kMost : std::clamp(sum, -kMost, kMost);
}

}  // namespace

void score_rows(const Kernels& kernels, const ReadyTerm& term, const std::byte* rows, size_t count,
                float* scores) {
  const float* const query = term.query.data();
  const size_t dim = term.query.size();
  if (term.element == Element::kF32) {
    const auto* const f32 = reinterpret_cast<const float*>(rows);
    kernels.score_f32(query, f32, count, dim, term.stride, scores);
  } else {
    const auto* const f16 = reinterpret_cast<const uint16_t*>(rows);
    kernels.score_f16(query, f16, count, dim, term.stride, scores);
  }
}

Ranking::Ranking(const Kernels& kernels, std::vector<ReadyTerm> terms, size_t room)
    : kernels_(kernels),
      terms_(std::move(terms)),
      is_plain_(is_plain(terms_)),
      best_(room),
      scores_(kMaxBlockRows),
      sums_(is_plain_ ? 0 : kMaxBlockRows) {}

void Ranking::offer(const RowId* ids, std::span<const std::byte* const> blocks, size_t count) {
  if (is_plain_) {
    score_rows(kernels_, terms_[0], blocks[0], count, scores_.data());
    return best_.offer(ids, scores_.data(), count);
  }
  std::fill_n(sums_.begin(), count, 0.0f);
  for (size_t t = 0; t < terms_.size(); ++t) {
    score_rows(kernels_, terms_[t], blocks[t], count, scores_.data());
    add_curved(terms_[t], scores_.data(), count);
  }
  for (size_t i = 0; i < count; ++i) sums_[i] = placed(sums_[i]);
  best_.offer(ids, sums_.data(), count);
}

void Ranking::add_curved(const ReadyTerm& term, const float* scores, size_t count) {
  if (term.curve == Curve::kLinear) {
    for (size_t i = 0; i < count; ++i) sums_[i] += term.weight * scores[i];
  } else {
    for (size_t i = 0; i < count; ++i) {
      sums_[i] += term.weight * std::log(std::max(scores[i], kLogFloor));
    }
  }
}

}  // namespace nearsight
