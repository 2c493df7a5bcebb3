// What orders: ranks that score rows, and the k best of them.
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
inline constexpr size_t kMaxTerms = 64;  // of one search, over all its ranks

// One thing to look for: weight * curve(dot(query, row)).
// The query of a kCosine field is brought to unit length at the door.
struct Term {
  std::string field;
  std::vector<float> query;  // as long as the field's dim, finite
  float weight = 1.0f;       // finite; negative pushes away
  Curve curve = Curve::kLinear;
};

// What becomes of a rank's sum x: x, 1 / (1 + e**-x), or e**x.
enum class Squash : uint8_t { kLinear = 0, kSigmoid = 1, kExp = 2 };

// Terms that make up one score: weight * squash(bias + the sum of the terms). A row's score is the
// sum over all ranks of a search. Infinities count as the largest numbers, what is no number (their
// difference) as the lowest.
struct Rank {
  std::vector<Term> terms;  // at least one
  double weight = 1;        // finite; negative: the less like it, the better
  Squash squash = Squash::kLinear;
  double bias = 0;  // finite
};

// Queries of one field that passed the door, one after another, padded with zeros to `dim`. Of one
// query that is zero at both ends only what lies between them is kept and read of the rows: what
// asks for a few of a thousand numbers touches a cache line or two of each row.
struct Queries {
  size_t count;
  size_t field;  // its index
  Element element;
  size_t first;   // the number of a row that the queries' first one meets
  size_t dim;     // what kernels are told
  size_t stride;  // of the field's rows, in numbers
  std::vector<float> numbers;
  // For i8 rows: whole numbers, and what they have to be multiplied by. Their rounding is less than
  // a hundredth of the rows'.
  std::vector<int16_t> whole;
  std::vector<float> steps;
};

struct ReadyTerm {
  Queries query;  // one
  float weight;
  Curve curve;
};

struct ReadyRank {
  std::vector<ReadyTerm> terms;
  double weight;
  Squash squash;
  double bias;
};

// Rows of a block: the `count` whose numbers are in `which`, ascending; all of its first `count`
// where there is no `which`.
struct Picks {
  const uint32_t* which;
  size_t count;

  size_t operator[](size_t i) const { return which == nullptr ? i : which[i]; }
};

// Scores the picked rows with one kernel call: scores[q * picks.count + i]. `rows` are as the
// field stores them.
void score_rows(const Kernels& kernels, const Queries& queries, const std::byte* rows, Picks picks,
                float* scores);

// Gives each row its key, by which rows are ordered, and turns keys into scores; all in double.
//
// Of several ranks the key is the score. Of a single rank it is the sum that was not squashed yet,
// negated where the weight is negative: squashing keeps the order, but a sigmoid near 1 or an
// underflowing exponential would make ties of rows that differ, and one call of exp a row is saved.
// Any thread may use it at any time.
class Scorer {
 public:
  Scorer(const Kernels& kernels, std::vector<ReadyRank> ranks);

  const std::vector<size_t>& fields() const { return fields_; }  // those that are read, ascending

  // One key for each pick. blocks[f] are rows of field f; REQUIRES picks.count <= kMaxBlockRows.
  void keys(std::span<const std::byte* const, kMaxFields> blocks, Picks picks, double* keys) const;
  double score(double key) const;

  static constexpr size_t kMaxBlockRows = 512;

 private:
  void add_sums(const ReadyRank& rank, std::span<const std::byte* const, kMaxFields> blocks,
                Picks picks, double* sums) const;
  double direction() const;

  const Kernels& kernels_;
  std::vector<ReadyRank> ranks_;
  std::vector<size_t> fields_;
};

// The best `room` rows of all that were offered, in the order of ranks_before, whatever the order
// they came in. Memory: twice `room`, or all rows if they are fewer.
class Best {
 public:
  explicit Best(size_t room) : room_(room) {}

  // scores[i] is of the row ids[picks[i]]; f32 or f64.
  template <class Score>
  void offer(const RowId* ids, Picks picks, const Score* scores);
  void join(Best& other);                      // what was offered to `other`, which is empty then
  std::vector<ScoredRow> take(size_t offset);  // sorted, without the first `offset`; empties it

 private:
  void keep(ScoredRow row);
  void shrink();

  size_t room_;
  // Rows that score less can't be among the best. NaN compares as less too.
  double threshold_ = -std::numeric_limits<double>::infinity();
  std::vector<ScoredRow> rows_;
};

}  // namespace nearsight
