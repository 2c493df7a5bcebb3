// What is read of a block, and what comes of it for its picks.
#pragma once

#include <span>

#include "blocks.h"
#include "nearsight/rank.h"
#include "nearsight/store.h"
#include "nearsight/types.h"

namespace nearsight {

// Bytes of a row, from one to the next.
size_t bytes_read(std::span<const Field> fields, const Reads& reads);

// What a kernel is told to score.
inline Picks scored(const Block& block) {
  return block.is_dense ? Picks{nullptr, block.span} : block.picks;
}

// Of scores of a whole span those that were picked, at the front. REQUIRES picks to ascend.
template <class Score>
void keep_picked(const Block& block, Score* scores) {
  if (!block.is_dense || block.picks.which == nullptr) return;
  for (size_t i = 0; i < block.picks.count; ++i) scores[i] = scores[block.picks[i]];
}

// One key for each pick of the block.
Status keys_of(const Block& block, const Scorer& scorer, double* keys);
// Two bounds of it.
Status bounds_of(const Block& block, const Scorer& scorer, double* lows, double* highs);

}  // namespace nearsight
