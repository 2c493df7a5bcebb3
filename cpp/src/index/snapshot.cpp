#include <algorithm>
#include <cmath>
#include <optional>

#include "door.h"
#include "guard.h"
#include "nearsight/filter.h"
#include "nearsight/index.h"
#include "state.h"

namespace nearsight {
namespace {

// A block is scored and ranked before the next is read: it stays in the second-level cache when
// several terms read it or when its checksum is taken first.
constexpr size_t kBlockBytes = size_t{128} << 10;

size_t block_rows(std::span<const Field> fields, std::span<const ReadyTerm> terms) {
  size_t row_bytes = 0;
  for (const ReadyTerm& term : terms) row_bytes += stride_bytes(fields[term.field]);
  return std::clamp<size_t>(kBlockBytes / row_bytes, 1, Ranking::kMaxBlockRows);
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

Status rank_block(const PlacedPart& from, size_t row, size_t count, Ranking& ranking) {
  const std::byte* blocks[kMaxTerms];
  const std::vector<ReadyTerm>& terms = ranking.terms();
  for (size_t t = 0; t < terms.size(); ++t) {
    auto rows = from.part->rows(terms[t].field, row, count);
    if (!rows.is_ok()) return rows.status();
    blocks[t] = rows.value();
  }
  auto ids = from.part->ids(row, count);
  if (!ids.is_ok()) return ids.status();
  ranking.offer(ids.value(), {blocks, terms.size()}, count);
  return Status::ok();
}

Result<std::vector<ReadyTerm>> ready_terms(std::span<const Field> fields,
                                           std::span<const Term> terms) {
  if (terms.empty() || terms.size() > kMaxTerms) {
    return Status::invalid_argument("a search has 1 to " + std::to_string(kMaxTerms) +
                                    " terms, not " + std::to_string(terms.size()));
  }
  std::vector<ReadyTerm> ready;
  for (const Term& term : terms) {
    auto one = ready_term(fields, term);
    if (!one.is_ok()) return one.status();
    ready.push_back(std::move(one.value()));
  }
  return ready;
}

}  // namespace

Snapshot::Snapshot(std::shared_ptr<const State> state) : state_(std::move(state)) {}

uint64_t Snapshot::generation() const { return state_->contents.generation; }

size_t Snapshot::size() const { return state_->live_count; }

size_t Snapshot::positions() const { return state_->contents.live.size(); }

Result<std::vector<ScoredRow>> Snapshot::search(std::span<const Term> terms, size_t k,
                                                size_t offset, const RowMask* mask) const {
  return guarded([&]() -> Result<std::vector<ScoredRow>> {
    const Contents& contents = state_->contents;
    if (k == 0) return Status::invalid_argument("k is 0: ask for at least one row");
    auto ready = ready_terms(*state_->fields, terms);
    if (!ready.is_ok()) return ready.status();
    Status status = check_mask(mask, contents.live, state_->serial);
    if (!status.is_ok()) return status;

    const Allowed allowed(contents.live, mask);
    const size_t matches = allowed.rows().count();
    if (offset >= matches) return std::vector<ScoredRow>();
    const size_t room = offset + std::min(k, matches - offset);
    const size_t most = block_rows(*state_->fields, ready.value());
    Ranking ranking(*state_->kernels, std::move(ready.value()), room);
    status = walk(contents, allowed.rows(), 0, most,
                  [&](const PlacedPart& from, size_t row, size_t count) {
                    return rank_block(from, row, count, ranking);
                  });
    if (!status.is_ok()) return status;
    return ranking.take(offset);
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

Result<RowMask> Snapshot::at_least(const std::string& field, std::span<const float> query,
                                   float threshold) const {
  return guarded([&]() -> Result<RowMask> {
    if (std::isnan(threshold)) return Status::invalid_argument("the threshold is not a number");
    const Contents& contents = state_->contents;
    auto term = ready_term(*state_->fields, {field, {query.begin(), query.end()}});
    if (!term.is_ok()) return term.status();
    RowMask mask(contents.live.size(), false, state_->serial);
    std::vector<float> scores(Ranking::kMaxBlockRows);
    const size_t most = block_rows(*state_->fields, {&term.value(), 1});
    Status status = walk(
        contents, contents.live, 0, most, [&](const PlacedPart& from, size_t row, size_t count) {
          auto rows = from.part->rows(term.value().field, row, count);
          if (!rows.is_ok()) return rows.status();
          score_rows(*state_->kernels, term.value(), rows.value(), count, scores.data());
          mark_at_least({scores.data(), count}, threshold, from.begin + row, mask);
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
