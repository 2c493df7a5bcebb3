// Rows by their ids.
#include <algorithm>
#include <optional>

#include "door.h"
#include "nearsight/guard.h"
#include "nearsight/index.h"
#include "state.h"

namespace nearsight {
namespace {

// Where the row lies among ascending ids, which mostly have no gaps: then the first guess is right.
size_t place_in(std::span<const RowId> ids, RowId id) {
  const RowId ahead = id - ids.front();
  if (ahead < ids.size() && ids[ahead] == id) return ahead;
  return static_cast<size_t>(std::lower_bound(ids.begin(), ids.end(), id) - ids.begin());
}

struct Place {
  const PlacedPart* part;
  size_t row;
};

Result<std::optional<Place>> find(const Contents& contents, RowId id) {
  for (auto placed = contents.parts.rbegin(); placed != contents.parts.rend(); ++placed) {
    auto first = placed->part->ids(0, 1);
    if (!first.is_ok()) return first.status();
    if (*first.value() > id) continue;
    auto ids = placed->part->ids(0, placed->rows);
    if (!ids.is_ok()) return ids.status();
    const std::span<const RowId> all(ids.value(), placed->rows);
    const size_t row = place_in(all, id);
    if (row == all.size() || all[row] != id || !contents.live.test(placed->begin + row)) break;
    return std::optional(Place{&*placed, row});
  }
  return std::optional<Place>();
}

}  // namespace

Result<RowMask> Snapshot::newer_than(RowId id) const {
  return guarded([&]() -> Result<RowMask> {
    const Contents& contents = state_->contents;
    RowMask mask(contents.live.size(), false, state_->serial);
    for (const PlacedPart& placed : contents.parts) {
      auto ids = placed.part->ids(0, placed.rows);
      if (!ids.is_ok()) return ids.status();
      const RowId* const end = ids.value() + placed.rows;
      const auto older = static_cast<size_t>(std::upper_bound(ids.value(), end, id) - ids.value());
      mask.set_range(placed.begin + older, placed.end());
    }
    return mask &= contents.live;
  });
}

Status Snapshot::read(size_t field, std::span<const RowId> ids, float* out) const {
  return guarded([&]() -> Status {
    const Field& wanted = (*state_->fields)[field];
    for (const RowId id : ids) {
      auto place = find(state_->contents, id);
      if (!place.is_ok()) return place.status();
      if (!place.value()) {
        return Status::invalid_argument("there is no row " + std::to_string(id));
      }
      auto row = place.value()->part->part->rows(field, place.value()->row, {nullptr, 1});
      if (!row.is_ok()) return row.status();
      decode_row(wanted, row.value(), out);
      out += wanted.dim;
    }
    return Status::ok();
  });
}

}  // namespace nearsight
