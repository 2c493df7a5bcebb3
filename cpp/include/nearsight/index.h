// The index: rows of vectors that can be searched exactly, cached on disk, derived from the truth.
//
// It may be deleted at any moment: whoever owns the truth replays it. One writer, many readers:
//   append / erase / commit / seal          one at a time: they wait for each other
//   open                                    one writing process at a time (the caller's lock)
//   snapshot and everything on a Snapshot   any thread, at any time, never waiting for a writer
// What a reader sees never changes under it; commit() publishes the next state in one atomic act.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nearsight/directory.h"
#include "nearsight/rank.h"
#include "nearsight/row_mask.h"
#include "nearsight/status.h"
#include "nearsight/types.h"

namespace nearsight {

// An immutable view. Holds what it needs alive (mapped files included) however long it lives.
class Snapshot {
 public:
  uint64_t generation() const;  // the truth's generation at commit
  size_t size() const;          // live rows
  size_t positions() const;     // row positions, erased ones included: the length of its masks

  // The rows [offset, offset + k) of the full order (types.h, ranks_before) among live rows that
  // the mask allows; fewer only where fewer match: always min(k, max(0, matches - offset)).
  // nullptr allows all rows. At least one rank; k >= 1. A single rank orders by its sum before it
  // is squashed, so that no resolution is lost; scores that look equal may then differ in truth.
  // Up to `threads` >= 1 threads share the work, here and below; what is found is the same.
  // Fails: kInvalidArgument (unknown field, wrong dim, NaN or infinite or, for kCosine, zero query,
  // k == 0, mask of another snapshot), kCorruption (a damaged block was met: nothing is returned).
  Result<std::vector<ScoredRow>> search(std::span<const Rank> ranks, size_t k, size_t offset = 0,
                                        const RowMask* mask = nullptr, size_t threads = 1) const;

  // For each of `count` queries (row-major) of one field, by one linear term of weight 1: the best
  // min(k, matches) rows. Rows are read once for all queries, so that a query costs a fraction of a
  // search; its scores agree with the search's within kScoreTolerance. Fails as search does.
  Result<std::vector<std::vector<ScoredRow>>> search_many(const std::string& field,
                                                          std::span<const float> queries,
                                                          size_t count, size_t k,
                                                          const RowMask* mask = nullptr,
                                                          size_t threads = 1) const;

  // Live rows with these ids; unknown ids are left out. Duplicates are harmless.
  Result<RowMask> mask_of(std::span<const RowId> ids) const;
  // The same of ids that somebody hands out a few at a time, ascending in each call.
  using Visit = std::function<void(std::span<const RowId>)>;
  Result<RowMask> mask_of_each(const std::function<Status(const Visit&)>& hand_out) const;
  // Live rows to which a search by these ranks gives a score >= threshold.
  Result<RowMask> at_least(std::span<const Rank> ranks, double threshold, size_t threads = 1) const;
  // Every live row: the identity of &, and what ~mask is taken within.
  Result<RowMask> all() const;
  // The ids that a mask (nullptr: all live rows) allows, ascending.
  Result<std::vector<RowId>> ids(const RowMask* mask = nullptr) const;

  // Live rows whose id is above `id`.
  Result<RowMask> newer_than(RowId id) const;
  // The field's numbers of these rows, in their order, as f32: out[ids.size() * dim].
  // kInvalidArgument names an id that there is no live row of.
  Status read(size_t field, std::span<const RowId> ids, float* out) const;

  // Reads every block of every mapped file and checks its CRC. kCorruption names file and block.
  Status verify() const;

 private:
  friend class Index;
  struct State;
  explicit Snapshot(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

class Index {
 public:
  // Opens the cache in `directory` (made if missing; empty string: memory only, nothing is
  // written, and erased rows keep their memory). A cache of another truth, of other fields, of a
  // newer format, or one that is damaged is set aside as if it were missing, and dropped_because()
  // says why: generation() is then 0 and the caller replays the truth. Only an unusable directory
  // or wrong arguments fail.
  // With kReadOnly the directory has to exist and nothing in it is ever changed: rows that are not
  // in it yet are kept in memory.
  static Result<std::unique_ptr<Index>> open(const std::string& directory, const TruthId& truth,
                                             std::vector<Field> fields,
                                             Access access = Access::kReadWrite);
  // The same through another door to the file system (tests tear writes here); null: memory only.
  static Result<std::unique_ptr<Index>> open_in(std::shared_ptr<Directory> directory,
                                                const TruthId& truth, std::vector<Field> fields);
  ~Index();

  uint64_t generation() const;                 // of the last commit
  RowId last_id() const;                       // the highest id ever appended, 0 if none
  const std::string& dropped_because() const;  // empty: the cache was used or did not exist

  // Which of `count` row-major rows of the field the door takes: finite; for kCosine not all zero;
  // for kDot no magnitude above kMaxMagnitude, or above 65504 where the element is f16. The same
  // rule as append's; ask before the truth is written.
  Result<std::vector<bool>> accepts(const std::string& field, std::span<const float> rows,
                                    size_t count) const;

  // Adds rows: ids ascending and above last_id(), vectors[f] row-major with fields[f].dim columns.
  // Unseen until commit. All or nothing: a row that the door refuses fails with its id.
  Status append(std::span<const RowId> ids, std::span<const std::span<const float>> vectors);
  // Forgets rows; unknown ids are no error (replaying twice is harmless). Unseen until commit.
  Status erase(std::span<const RowId> ids);
  // Publishes everything since the last commit as this generation (never lower than the last).
  // Once fresh rows exceed kSpillBytes they go to disk here, so that memory stays bounded; where
  // that fails the rows are published all the same, stay in memory and are tried again after as
  // many more bytes: seal() tells what is wrong.
  Status commit(uint64_t generation);
  // Writes all fresh rows and the manifest, so that the next open has nothing to replay. Nothing is
  // written if nothing changed. kInvalidArgument before commit() of what was appended or erased;
  // after kIoError everything in memory is as good as before. In memory only: does nothing.
  Status seal();

  std::shared_ptr<const Snapshot> snapshot() const;

  static constexpr size_t kSpillBytes = size_t{32} << 20;

 private:
  class Writer;
  explicit Index(std::unique_ptr<Writer> writer);
  std::unique_ptr<Writer> writer_;
};

}  // namespace nearsight
