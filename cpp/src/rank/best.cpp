#include <algorithm>

#include "nearsight/rank.h"

namespace nearsight {

// Nearly all rows of a large index score too little. So many are looked at together, without a
// branch between them.
template <class Score>
void Best::offer(const RowId* ids, Picks picks, const Score* scores) {
  constexpr size_t kTogether = 16;
  for (size_t begin = 0; begin < picks.count; begin += kTogether) {
    const size_t end = std::min(begin + kTogether, picks.count);
    bool any = false;
    for (size_t i = begin; i < end; ++i) any |= scores[i] >= threshold_;
    for (size_t i = any ? begin : end; i < end; ++i) {
      if (scores[i] >= threshold_) keep({ids[picks[i]], scores[i]});
    }
  }
}

template void Best::offer<float>(const RowId*, Picks, const float*);
template void Best::offer<double>(const RowId*, Picks, const double*);

void Best::join(Best& other) {
  for (const ScoredRow& row : other.rows_) {
    if (row.score >= threshold_) keep(row);
  }
  other.rows_.clear();
}

std::vector<ScoredRow> Best::take(size_t offset) {
  if (rows_.size() > room_) shrink();
  std::sort(rows_.begin(), rows_.end(), ranks_before);
  offset = std::min(offset, rows_.size());
  std::vector<ScoredRow> taken(rows_.begin() + static_cast<ptrdiff_t>(offset), rows_.end());
  rows_.clear();
  return taken;
}

// Collecting up to twice the room and then cutting in linear time costs O(1) a row, where a heap
// costs O(log room), and needs no special case for a room as large as the index.
void Best::keep(ScoredRow row) {
  rows_.push_back(row);
  if (rows_.size() / 2 >= room_) shrink();
}

void Best::shrink() {
  const auto end = rows_.begin() + static_cast<ptrdiff_t>(room_);
  std::nth_element(rows_.begin(), end - 1, rows_.end(), ranks_before);
  rows_.erase(end, rows_.end());
  threshold_ = rows_.back().score;
}

}  // namespace nearsight
