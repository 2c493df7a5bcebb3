#include <algorithm>

#include "blocks.h"
#include "nearsight/filter.h"
#include "nearsight/guard.h"
#include "nearsight/index.h"
#include "state.h"

namespace nearsight {

Status Snapshot::State::check(const RowMask* mask) const {
  if (mask == nullptr || (mask->snapshot() == serial && mask->size() == contents.live.size())) {
    return Status::ok();
  }
  return Status::invalid_argument(
      "this mask was made from another snapshot: make it from the one that is searched");
}

Snapshot::Snapshot(std::shared_ptr<const State> state) : state_(std::move(state)) {}

uint64_t Snapshot::generation() const { return state_->contents.generation; }

size_t Snapshot::size() const { return state_->live_count; }

size_t Snapshot::positions() const { return state_->contents.live.size(); }

Result<RowMask> Snapshot::mask_of(std::span<const RowId> ids) const {
  return guarded([&]() -> Result<RowMask> {
    std::vector<RowId> wanted(ids.begin(), ids.end());
    if (!std::is_sorted(wanted.begin(), wanted.end())) std::sort(wanted.begin(), wanted.end());
    return mask_of_each([&](const Visit& visit) -> Status {
      visit(wanted);
      return Status::ok();
    });
  });
}

Result<RowMask> Snapshot::mask_of_each(const std::function<Status(const Visit&)>& hand_out) const {
  return guarded([&]() -> Result<RowMask> {
    const Contents& contents = state_->contents;
    std::vector<std::span<const RowId>> ids;
    for (const PlacedPart& placed : contents.parts) {
      auto row_ids = placed.part->ids(0, placed.rows);
      if (!row_ids.is_ok()) return row_ids.status();
      ids.push_back({row_ids.value(), placed.rows});
    }
    RowMask mask(contents.live.size(), false, state_->serial);
    Status status = hand_out([&](std::span<const RowId> wanted) {
      for (size_t i = 0; i < ids.size(); ++i) {
        mark_ids(wanted, ids[i], contents.parts[i].begin, mask);
      }
    });
    if (!status.is_ok()) return status;
    return mask &= contents.live;
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
    if (Status status = state_->check(mask); !status.is_ok()) return status;
    const Selection selection(state_->contents, mask, sizeof(RowId));
    std::vector<RowId> found;
    found.reserve(mask == nullptr ? size() : mask->count());
    for (size_t task = 0; task < selection.tasks(); ++task) {
      for (Blocks blocks(selection, task); blocks.next();) {
        auto ids = blocks->part->part->ids(blocks->row, blocks->span);
        if (!ids.is_ok()) return ids.status();
        const Picks picks = blocks->picks;
        for (size_t i = 0; i < picks.count; ++i) found.push_back(ids.value()[picks[i]]);
      }
    }
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
