#include <algorithm>

#include "nearsight/rank.h"

namespace nearsight {

void Best::offer(const RowId* ids, const double* scores, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (scores[i] >= threshold_) keep({ids[i], scores[i]});
  }
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
