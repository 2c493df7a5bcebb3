// What orders: ranks that score rows, and the k best of them.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
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

// How a query of length `reach` meets a field's sketches: a row's score and that of its sketch
// differ by at most reach * slip + slack. Whatever is rounded on the way to either is in there.
struct Rough {
  Queries query;  // one, for i8 rows
  double reach;
  double slack;
};

struct ReadyTerm {
  Queries query;  // one
  float weight;
  Curve curve;
  std::optional<Rough> rough = {};  // where sketches are less to read
};

struct ReadyRank {
  std::vector<ReadyTerm> terms;
  double weight;
  Squash squash;
  double bias;
};

// Scores the picked rows with one kernel call: scores[q * picks.count + i]. `rows` are as the
// field stores them.
void score_rows(const Kernels& kernels, const Queries& queries, const std::byte* rows, Picks picks,
                float* scores);

using FieldRows = std::array<const std::byte*, kMaxFields>;  // a block's rows of each field

// What has to be read of a block: the fields, ascending.
struct Reads {
  std::vector<size_t> rows;
  std::vector<size_t> sketches;
};

// Gives each row its key, by which rows are ordered, and turns keys into scores; all in double.
//
// Of several ranks the key is the score. Of a single rank it is the sum that was not squashed yet,
// negated where the weight is negative: squashing keeps the order, but a sigmoid near 1 or an
// underflowing exponential would make ties of rows that differ, and one call of exp a row is saved.
// Any thread may use it at any time.
class Scorer {
 public:
  Scorer(const Kernels& kernels, std::vector<ReadyRank> ranks);

  // One key for each pick. REQUIRES rows[f] of each field that keys_read() names, and
  // picks.count <= kMaxBlockRows.
  void keys(const FieldRows& rows, Picks picks, double* keys) const;
  double score(double key) const;
  const Reads& keys_read() const { return keys_read_; }

  // Between what lies each pick's key, by sketches where terms have a rough query. REQUIRES what
  // bounds_read() names. For one who reads no less that way it names no sketches.
  void bounds(const FieldRows& rows, const FieldRows& sketches, Picks picks, double* lows,
              double* highs) const;
  const Reads& bounds_read() const { return bounds_read_; }

  static constexpr size_t kMaxBlockRows = 512;

 private:
  void add_sums(const ReadyRank& rank, const FieldRows& rows, Picks picks, double* sums) const;
  void add_bounds(const ReadyRank& rank, const FieldRows& rows, const FieldRows& sketches,
                  Picks picks, double* lows, double* highs) const;
  double direction() const;

  const Kernels& kernels_;
  std::vector<ReadyRank> ranks_;
  Reads keys_read_;
  Reads bounds_read_;
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

// Rows that may be among the best `room` of all that were offered, where only bounds of their keys
// are known: those whose upper bound reaches the `room`-th best lower one.
class Contenders {
 public:
  explicit Contenders(size_t room) : room_(room) {}

  // The picks of a block whose first row is at `position`; lows[i] <= key of pick i <= highs[i].
  void offer(size_t position, Picks picks, const double* lows, const double* highs);
  void join(Contenders& other);  // what was offered to `other`, which is empty then

  // Have so many of those that were offered stayed that looking at them all is as quick?
  bool are_many() const { return rows_.size() > kFew && rows_.size() * kShare > offered_; }
  // Their positions, in no order.
  std::vector<size_t> take();

 private:
  struct Row {
    size_t position;
    double low, high;
  };
  void cut();

  static constexpr size_t kFew = 4096;  // so many cost nothing worth asking
  static constexpr size_t kShare = 4;

  size_t room_;
  size_t offered_ = 0;
  size_t cut_at_ = 256;
  double threshold_ = -std::numeric_limits<double>::infinity();
  std::vector<Row> rows_;
};

}  // namespace nearsight
