// What searches see of an index of vectors at one moment; never changes.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "finder.h"
#include "nearsight/vectors.h"

namespace nearsight {

class View {
 public:
  // finder may be null. What of its rows was erased is found by looking at every row.
  static Result<std::shared_ptr<const View>> make(std::shared_ptr<const Snapshot> snapshot,
                                                  std::shared_ptr<const Finder> finder);
  // A later snapshot beside the same finder, of whose rows these were erased since.
  Result<std::shared_ptr<const View>> next(std::shared_ptr<const Snapshot> snapshot,
                                           std::span<const RowId> erased) const;

  const Snapshot& snapshot() const { return *snapshot_; }
  std::shared_ptr<const Snapshot> shared_snapshot() const { return snapshot_; }
  const std::shared_ptr<const Finder>& finder() const { return finder_; }
  size_t fresh() const { return fresh_count_; }  // rows that the finder does not hold
  const RowMask* newer() const { return newer_ ? &*newer_ : nullptr; }  // these; nullptr: none
  // Rows that the finder holds and the snapshot does not: how many, and by id - first_row().
  size_t erased_count() const {
    return finder_ == nullptr ? 0 : finder_->size() + fresh_count_ - snapshot_->size();
  }
  const RowMask* erased() const { return erased_ ? &*erased_ : nullptr; }

  // REQUIRES a checked question.
  Result<VectorAnswer> search(const VectorQuestion& question, size_t dim) const;

 private:
  static Result<std::shared_ptr<View>> without_erased(std::shared_ptr<const Snapshot> snapshot,
                                                      std::shared_ptr<const Finder> finder);

  // What all queries of one question share.
  struct Shared {
    size_t columns;
    const Finder* finder = nullptr;  // nullptr: rows are scored one by one
    std::shared_ptr<const Allowed> allowed;
    std::optional<RowMask> rows;  // what is scored one by one; none: every row
    bool has_rows = true;         // is there any such row
  };
  Result<Shared> share(const VectorQuestion& question) const;
  Result<RowMask> mask_of(const Choice& choice) const;
  Status score_again(std::span<const float> query, std::vector<ScoredRow>& rows) const;
  Status answer(const Shared& shared, const VectorQuestion& question, std::span<const float> query,
                Key* keys, float* scores, float& recall) const;

  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<const Finder> finder_;
  std::optional<RowMask> erased_;  // by id - finder_->first_row(); none: nothing that it holds
  std::optional<RowMask> newer_;   // rows that came after the finder; none: there are none
  size_t fresh_count_ = 0;
};

}  // namespace nearsight
