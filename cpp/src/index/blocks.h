// The walk over the rows that a search looks at, block by block, in tasks that threads can share.
#pragma once

#include <array>
#include <span>

#include "nearsight/rank.h"
#include "nearsight/row_mask.h"
#include "nearsight/store.h"

namespace nearsight {

// Rows of one part that are read together.
struct Block {
  const PlacedPart* part;
  size_t row;   // the first of `span` rows
  size_t span;  // the first and the last of them are picked
  Picks picks;
  bool is_dense;  // so many are picked that reading all of them is quicker

  size_t position(size_t pick) const { return part->begin + row + picks[pick]; }
};

// What there is to look at: live rows that a mask allows. Holds references only.
class Selection {
 public:
  // `mask` may be null: all live rows. `row_bytes` are read of each row.
  Selection(const Contents& contents, const RowMask* mask, size_t row_bytes);

  size_t tasks() const;  // each a run of whole words of masks

 private:
  friend class Blocks;

  uint64_t word(size_t index) const {
    return mask_ == nullptr ? live_[index] : live_[index] & mask_[index];
  }

  const Contents& contents_;
  const uint64_t* live_;
  const uint64_t* mask_;
  size_t words_;
  size_t row_bytes_;
  size_t rows_at_once_;
  size_t task_words_;
};

// The blocks of one task, in order:  for (Blocks blocks(selection, task); blocks.next();) …
class Blocks {
 public:
  Blocks(const Selection& selection, size_t task);

  bool next();  // is there another?
  const Block& operator*() const { return block_; }
  const Block* operator->() const { return &block_; }

 private:
  bool gather();
  void gather_until(size_t end);
  void gather_word(uint32_t first);
  void cut();

  const Selection& selection_;
  size_t word_;  // the next that is looked at
  size_t end_;
  std::span<const PlacedPart>::iterator part_;
  size_t base_ = 0;   // the row of the part that `picks_` count from
  size_t taken_ = 0;  // of picks_
  size_t count_ = 0;
  std::array<uint32_t, Scorer::kMaxBlockRows> picks_;
  Block block_{};
};

}  // namespace nearsight
