#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "door.h"
#include "nearsight/filter.h"
#include "nearsight/guard.h"
#include "nearsight/index.h"
#include "state.h"

namespace nearsight {
namespace {

// A block is scored and ranked before the next is read: it stays in the second-level cache when
// several terms read it or when its checksum is taken first.
constexpr size_t kBlockBytes = size_t{128} << 10;

size_t block_rows(std::span<const Field> fields, const Scorer& scorer) {
  size_t row_bytes = 0;
  for (const size_t field : scorer.fields()) row_bytes += stride_bytes(fields[field]);
  return std::clamp<size_t>(kBlockBytes / row_bytes, 1, Scorer::kMaxBlockRows);
}

Status check_mask(const RowMask* mask, const RowMask& live, uint64_t serial) {
  if (mask == nullptr || (mask->snapshot() == serial && mask->size() == live.size())) {
    return Status::ok();
  }
  return Status::invalid_argument(
      "this mask was made from another snapshot: make it from the one that is searched");
}

// The live rows that a mask allows. Holds the intersection only where there is one to hold.
class Allowed {
 public:
  Allowed(const RowMask& live, const RowMask* mask) : live_(live) {
    if (mask != nullptr) both_.emplace(*mask) &= live;
  }
  const RowMask& rows() const { return both_ ? *both_ : live_; }

 private:
  const RowMask& live_;
  std::optional<RowMask> both_;
};

// Hands the rows that `allowed` has set to take(const PlacedPart&, size_t row, const double* keys,
// size_t count), block by block, until something fails.
template <class Take>
Status score(const Contents& contents, std::span<const Field> fields, const Scorer& scorer,
             const RowMask& allowed, Take take) {
  double keys[Scorer::kMaxBlockRows];
  const size_t most = block_rows(fields, scorer);
  return walk(contents, allowed, 0, most, [&](const PlacedPart& from, size_t row, size_t count) {
    std::array<const std::byte*, kMaxFields> blocks{};
    for (const size_t field : scorer.fields()) {
      auto rows = from.part->rows(field, row, count);
      if (!rows.is_ok()) return rows.status();
      blocks[field] = rows.value();
    }
    scorer.keys(blocks, count, keys);
    return take(from, row, keys, count);
  });
}

}  // namespace

Snapshot::Snapshot(std::shared_ptr<const State> state) : state_(std::move(state)) {}

uint64_t Snapshot::generation() const { return state_->contents.generation; }

size_t Snapshot::size() const { return state_->live_count; }

size_t Snapshot::positions() const { return state_->contents.live.size(); }

Result<std::vector<ScoredRow>> Snapshot::search(std::span<const Rank> ranks, size_t k,
                                                size_t offset, const RowMask* mask) const {
  return guarded([&]() -> Result<std::vector<ScoredRow>> {
    const Contents& contents = state_->contents;
    if (k == 0) return Status::invalid_argument("k is 0: ask for at least one row");
    auto ready = ready_ranks(*state_->fields, ranks);
    if (!ready.is_ok()) return ready.status();
    Status status = check_mask(mask, contents.live, state_->serial);
    if (!status.is_ok()) return status;

    const Allowed allowed(contents.live, mask);
    const size_t matches = allowed.rows().count();
    if (offset >= matches) return std::vector<ScoredRow>();
    const size_t room = offset + std::min(k, matches - offset);
    const Scorer scorer(*state_->kernels, std::move(ready.value()));
    Best best(room);
    status = score(state_->contents, *state_->fields, scorer, allowed.rows(),
                   [&](const PlacedPart& from, size_t row, const double* keys, size_t count) {
                     auto ids = from.part->ids(row, count);
                     if (ids.is_ok()) best.offer(ids.value(), keys, count);
                     return ids.status();
                   });
    if (!status.is_ok()) return status;
    std::vector<ScoredRow> found = best.take(offset);
    for (ScoredRow& row : found) row.score = scorer.score(row.score);
    return found;
  });
}

Result<RowMask> Snapshot::mask_of(std::span<const RowId> ids) const {
  return guarded([&]() -> Result<RowMask> {
    std::vector<RowId> wanted(ids.begin(), ids.end());
    std::sort(wanted.begin(), wanted.end());
    const Contents& contents = state_->contents;
    RowMask mask(contents.live.size(), false, state_->serial);
    for (const PlacedPart& placed : contents.parts) {
      auto row_ids = placed.part->ids(0, placed.rows);
      if (!row_ids.is_ok()) return row_ids.status();
      mark_ids(wanted, {row_ids.value(), placed.rows}, placed.begin, mask);
    }
    return mask &= contents.live;
  });
}

Result<RowMask> Snapshot::at_least(std::span<const Rank> ranks, double threshold) const {
  return guarded([&]() -> Result<RowMask> {
    if (std::isnan(threshold)) return Status::invalid_argument("the threshold is not a number");
    auto ready = ready_ranks(*state_->fields, ranks);
    if (!ready.is_ok()) return ready.status();
    const Scorer scorer(*state_->kernels, std::move(ready.value()));
    const RowMask& live = state_->contents.live;
    RowMask mask(live.size(), false, state_->serial);
    double scores[Scorer::kMaxBlockRows];
    Status status =
        score(state_->contents, *state_->fields, scorer, live,
              [&](const PlacedPart& from, size_t row, const double* keys, size_t count) {
                for (size_t i = 0; i < count; ++i) scores[i] = scorer.score(keys[i]);
                mark_at_least({scores, count}, threshold, from.begin + row, mask);
                return Status::ok();
              });
    if (!status.is_ok()) return status;
    return mask;
  });
}

Result<RowMask> Snapshot::all() const {
  return guarded([&]() -> Result<RowMask> {
    RowMask mask(positions(), false, state_->serial);
    return mask |= state_->contents.live;
  });
}

Result<std::vector<RowId>> Snapshot::ids(const RowMask* mask) const {
  return guarded([&]() -> Result<std::vector<RowId>> {
    const Contents& contents = state_->contents;
    Status status = check_mask(mask, contents.live, state_->serial);
    if (!status.is_ok()) return status;
    const Allowed allowed(contents.live, mask);
    std::vector<RowId> found;
    found.reserve(allowed.rows().count());
    status = walk(contents, allowed.rows(), 0, SIZE_MAX / 2,
                  [&](const PlacedPart& from, size_t row, size_t count) {
                    auto ids = from.part->ids(row, count);
                    if (ids.is_ok()) found.insert(found.end(), ids.value(), ids.value() + count);
                    return ids.status();
                  });
    if (!status.is_ok()) return status;
    return found;
  });
}

Status Snapshot::verify() const {
  return guarded([&]() -> Status {
    for (const PlacedPart& placed : state_->contents.parts) {
      if (Status status = placed.part->verify(); !status.is_ok()) return status;
    }
    return Status::ok();
  });
}

}  // namespace nearsight
