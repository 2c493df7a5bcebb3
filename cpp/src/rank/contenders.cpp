#include <algorithm>

#include "nearsight/rank.h"

namespace nearsight {

// As with the best rows, nearly all are passed by: many at once, without a branch between them.
void Contenders::offer(size_t position, Picks picks, const double* lows, const double* highs) {
  constexpr size_t kTogether = 16;
  offered_ += picks.count;
  for (size_t begin = 0; begin < picks.count; begin += kTogether) {
    const size_t end = std::min(begin + kTogether, picks.count);
    bool any = false;
    for (size_t i = begin; i < end; ++i) any |= highs[i] >= threshold_;
    for (size_t i = any ? begin : end; i < end; ++i) {
      if (highs[i] >= threshold_) rows_.push_back({position + picks[i], lows[i], highs[i]});
    }
  }
  if (rows_.size() >= cut_at_) cut();
}

void Contenders::join(Contenders& other) {
  offered_ += other.offered_;
  rows_.insert(rows_.end(), other.rows_.begin(), other.rows_.end());
  other.rows_.clear();
}

std::vector<size_t> Contenders::take() {
  cut();
  std::vector<size_t> positions;
  for (const Row& row : rows_) positions.push_back(row.position);
  rows_.clear();
  return positions;
}

// At least `room` rows reach the room-th best lower bound: whoever cannot reach it is out. Waiting
// until there are twice as many costs O(1) a row.
void Contenders::cut() {
  if (rows_.size() > room_) {
    const auto last = rows_.begin() + static_cast<ptrdiff_t>(room_ - 1);
    const auto higher = [](const Row& a, const Row& b) { return a.low > b.low; };
    std::nth_element(rows_.begin(), last, rows_.end(), higher);
    threshold_ = std::max(threshold_, last->low);
  }
  std::erase_if(rows_, [&](const Row& row) { return row.high < threshold_; });
  cut_at_ = std::max(cut_at_, 2 * std::max(room_, rows_.size()));
}

}  // namespace nearsight
