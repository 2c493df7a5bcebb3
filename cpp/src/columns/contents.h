// All documents at one moment: what a snapshot shows and what a cache holds.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "nearsight/row_mask.h"
#include "part.h"

namespace nearsight {

// The documents of a part stand at positions begin, begin + 1, ...
struct PlacedColumns {
  std::shared_ptr<const ColumnPart> part;
  size_t begin;

  size_t docs() const { return part->counts().docs; }
  size_t end() const { return begin + docs(); }
};

struct ColumnsContents {
  uint64_t generation = 0;
  std::vector<PlacedColumns> parts;
  RowMask live{0};  // which positions hold a document that was neither erased nor replaced

  // Parts begin at a whole word of masks, so that a part's bits are words of their own.
  void place(std::shared_ptr<const ColumnPart> part, std::span<const uint64_t> alive);  // {}: all
  std::span<const uint64_t> live_words(const PlacedColumns& placed) const {
    return live.words().subspan(placed.begin / 64, (placed.docs() + 63) / 64);
  }
  size_t live_count(const PlacedColumns& placed) const {
    return live.count_in(placed.begin, placed.end());
  }
  size_t fresh_bytes() const;
  size_t first_to_merge() const;  // of the parts, by the rule of every cache

  // Takes the documents out of `live`, wherever they are. `docs` ascend.
  Status bury(std::span<const uint64_t> docs);
};

// Calls take(local number) for each bit that is set in a part's words.
template <class Take>
void for_each_bit(std::span<const uint64_t> words, Take take) {
  for (size_t i = 0; i < words.size(); ++i) {
    for (uint64_t word = words[i]; word != 0; word &= word - 1) {
      take(i * 64 + static_cast<size_t>(std::countr_zero(word)));
    }
  }
}

// The first index of ascending `values` from `from` on that is not below `value`: near ones first.
size_t gallop(std::span<const uint64_t> values, size_t from, uint64_t value);

// Calls meet(i, j) for each values[i] == others[j]; both ascend. Cheap where one is much shorter.
template <class Meet>
void intersect(std::span<const uint64_t> values, std::span<const uint64_t> others, Meet meet) {
  size_t i = 0, j = 0;
  while (i < values.size() && j < others.size()) {
    if (values[i] == others[j]) {
      meet(i++, j++);
    } else if (values[i] < others[j]) {
      i = gallop(values, i, others[j]);
    } else {
      j = gallop(others, j, values[i]);
    }
  }
}

}  // namespace nearsight
