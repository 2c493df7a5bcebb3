// One search of a graph: from row to row, always to those that the best ones so far link to.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "parts.h"

namespace nearsight {

// Which rows count; the others lead on all the same.
class Countable {
 public:
  virtual ~Countable() = default;
  virtual bool operator()(uint32_t place) const = 0;
};

class Walk {
 public:
  struct Near {
    float score;
    uint32_t place;
  };

  // `countable`: nullptr counts all rows. REQUIRES that all of these outlive it.
  Walk(const GraphView& view, const CodeKernels& kernels, const float* query,
       const Countable* countable = nullptr)
      : view_(view), kernels_(kernels), query_(query), countable_(countable) {}

  // Finds up to `breadth` of the best rows, of twins only the first; gives up once it has scored
  // more than `limit`.
  Status find(size_t breadth, size_t limit);
  bool gave_up() const { return gave_up_; }
  // Scores every row that `allowed` allows (nullptr: all) and keeps the `breadth` best.
  Status scan(size_t breadth, const RowMask* allowed);

  std::vector<Near> take_best();  // best first, ties by place
  // The same with all twins, until there are `count` and none of those left is worth `margin` less.
  Result<std::vector<Near>> take_best_with_twins(size_t count, float margin);
  size_t scored() const { return scored_; }

 private:
  Status descend(uint32_t& place, float& score);
  Status look_around(uint32_t place);
  Status score_all(const std::vector<uint32_t>& places);
  Status offer(Near row);
  void keep(Near row);
  Result<bool> counts(uint32_t place) const;
  bool is_new(uint32_t place) {
    uint64_t& word = visited_[place >> 6];
    const uint64_t bit = uint64_t{1} << (place & 63);
    if ((word & bit) != 0) return false;
    word |= bit;
    return true;
  }

  const GraphView& view_;
  const CodeKernels& kernels_;
  const float* query_;
  const Countable* countable_;
  size_t breadth_ = 0, scored_ = 0;
  bool gave_up_ = false;
  std::vector<uint64_t> visited_;
  std::vector<Near> ahead_;  // a heap, the best on top: rows whose links were not looked at
  std::vector<Near> best_;   // a heap, the worst on top
  std::vector<uint32_t> near_;
  std::vector<const uint16_t*> rows_;
  std::vector<float> scores_;
};

}  // namespace nearsight
