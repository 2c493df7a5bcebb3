// What orders: terms that score rows, and the k best of them.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "nearsight/kernels.h"
#include "nearsight/types.h"

namespace nearsight {

// How a term's raw score s enters the sum. kLog is log(max(s, kLogFloor)): a weighted sum of logs
// ranks like a weighted geometric mean, so that *all* terms have to be present.
enum class Curve : uint8_t { kLinear = 0, kLog = 1 };
inline constexpr float kLogFloor = 1e-7f;
inline constexpr size_t kMaxTerms = 64;  // of one search

// One thing to look for. A row's score is the sum over terms of weight * curve(dot(query, row)).
// The query of a kCosine field is brought to unit length at the door.
struct Term {
  std::string field;
  std::vector<float> query;  // as long as the field's dim, finite
  float weight = 1.0f;       // finite; negative pushes away
  Curve curve = Curve::kLinear;
};

// A term that passed the door.
struct ReadyTerm {
  std::vector<float> query;
  size_t field;  // its index
  Element element;
  size_t stride;  // of the field's rows, in elements
  float weight;
  Curve curve;
};

// Scores `count` rows with one kernel call. `rows` are as the term's field stores them.
void score_rows(const Kernels& kernels, const ReadyTerm& term, const std::byte* rows, size_t count,
                float* scores);

// The best `room` rows of all that were offered, in the order of ranks_before, whatever the order
// they came in. Memory: twice `room`, or all rows if they are fewer.
class Best {
 public:
  explicit Best(size_t room) : room_(room) {}

  void offer(const RowId* ids, const float* scores, size_t count);
  std::vector<ScoredRow> take(size_t offset);  // sorted, without the first `offset`; empties it

 private:
  void keep(ScoredRow row);
  void shrink();

  size_t room_;
  // Rows that score less can't be among the best. NaN compares as less too.
  float threshold_ = -std::numeric_limits<float>::infinity();
  std::vector<ScoredRow> rows_;
};

// Ranks rows block by block: the caller walks its rows and offers those that may be found.
class Ranking {
 public:
  Ranking(const Kernels& kernels, std::vector<ReadyTerm> terms, size_t room);

  // blocks[t] are rows of terms()[t]'s field; REQUIRES count <= kMaxBlockRows.
  void offer(const RowId* ids, std::span<const std::byte* const> blocks, size_t count);
  std::vector<ScoredRow> take(size_t offset) { return best_.take(offset); }

  const std::vector<ReadyTerm>& terms() const { return terms_; }

  static constexpr size_t kMaxBlockRows = 512;

 private:
  void add_curved(const ReadyTerm& term, const float* scores, size_t count);

  const Kernels& kernels_;
  std::vector<ReadyTerm> terms_;
  bool is_plain_;  // one linear term of weight 1: the kernel's scores are the final ones
  Best best_;
  std::vector<float> scores_;
  std::vector<float> sums_;
};

}  // namespace nearsight
