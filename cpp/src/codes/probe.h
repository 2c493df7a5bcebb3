// One search of the codes: which lists to look into, which of their rows to score, when to stop.
//
// Lists are taken in the order of their promise: the score of the centroid and, on top, what the
// best of their rows may be expected to add. That is a multiple of radius * spread, where the
// spread is how far residuals reach along this query (measured on a sample of them, because it is
// another for every query and much larger for one unlike the data) and the multiple follows from
// the recall, by a normal distribution and by what the build measured, whichever is more. Rows are
// scored best bound first, as long as the upper bound of their estimate reaches the k-th best score
// so far. The search ends where no promise reaches it and the rows that the other lists may be
// expected to hold above it, all together, are few enough.
#pragma once

#include <vector>

#include "code.h"
#include "parts.h"

namespace nearsight {

class Probe {
 public:
  Probe(const Codes::Parts& parts, const CodesQuestion& question);

  Result<CodesAnswer> run();

 private:
  struct Candidate {
    float upper;  // no score is expected to be above
    uint32_t slot;
  };
  struct List {
    float promise;
    float centre;  // dot(query, centroid)
    uint32_t number;
  };

  Result<CodesAnswer> gather();        // scores every allowed row
  Status walk();                       // looks into lists until none promises more
  void promise_all();                  // of every list, by the centroids' codes
  bool more_lists();                   // the next best lists, measured and in order
  Status look_into(const List& list);  // collects candidates
  void look_at_allowed(const List& list, const CodeBlocks& blocks);
  void collect(uint64_t first_slot, uint64_t count, size_t block, uint32_t hits);
  Status score_candidates(bool all);
  Status score_some(const Candidate* from, size_t count);
  void offer(RowId id, float score);
  float expected_missed() const;
  float expected_recall() const;
  void reach_further();
  CodesAnswer answer();

  const Codes::Parts& parts_;
  const CodesQuestion& question_;
  size_t room_;     // min(k, matches)
  float reach_;     // the multiple of radius * spread
  float near_;      // k; the k best allowed rows are among
  float far_;       // so many best of all, unless those that are allowed lie far away
  float may_miss_;  // rows, in lists that are not looked into
  float doubt_;     // the multiple of a code's standard error
  float spread_ = 0;
  std::vector<float> rotated_;
  QueryTables tables_;
  std::vector<float> promises_;  // of lists that were not measured yet, else -infinity
  float coarse_doubt_ = 0;       // standard error of an unmeasured promise
  float unmeasured_ = 0;         // no unmeasured promise is expected to be above
  std::vector<List> order_;      // measured lists, the visited first
  size_t visited_ = 0;
  std::vector<Candidate> candidates_;
  std::vector<ScoredRow> best_;  // a heap with the worst on top
  std::vector<ScoredRow> spare_;
  float least_;  // score of the worst, or -infinity while there is room
  std::vector<float> scores_;
  std::vector<uint32_t> hits_;
  size_t scored_ = 0;
};

}  // namespace nearsight
