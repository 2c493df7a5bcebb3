// Links are followed only where they can lead.
#include "parts.h"

namespace nearsight {
namespace {

Status impossible() { return Status::corruption("a graph file is damaged (links)"); }

}  // namespace

// Twins ascend, so that no chain of them is endless.
Result<uint32_t> GraphView::twin(uint32_t place) const {
  const uint64_t at = layout.elements + place * layout.stride + layout.twin_at;
  const uint32_t next = *reinterpret_cast<const uint32_t*>(bytes + at);
  if (next == 0) return next;
  if (next <= place || next >= rows) return impossible();
  Status status = check_row(next);
  return status.is_ok() ? Result<uint32_t>(next) : status;
}

Result<const uint32_t*> GraphView::links(uint32_t place, size_t level) const {
  const uint32_t* list = ground(place);
  if (level > 0) {
    auto found = upper(place, level);
    if (!found.is_ok()) return found.status();
    list = found.value();
  } else if (Status status = check_row(place); !status.is_ok()) {
    return status;
  }
  if (list[0] > (level > 0 ? kLinks : kGroundLinks)) return impossible();
  for (size_t i = 1; i <= list[0]; ++i)
    if (list[i] >= rows) return impossible();
  return list;
}

Result<const uint32_t*> GraphView::upper(uint32_t place, size_t level) const {
  const uint64_t at = layout.upper_starts + place * sizeof(uint32_t);
  if (checked != nullptr) {
    if (Status status = checked->check(at, 2 * sizeof(uint32_t)); !status.is_ok()) return status;
  }
  const auto* const start = reinterpret_cast<const uint32_t*>(bytes + at);
  const uint64_t number = start[0] + level - 1;
  if (number >= start[1] || start[1] > upper_lists) return impossible();
  const uint64_t list = layout.uppers + number * kUpperList * sizeof(uint32_t);
  if (checked != nullptr) {
    Status status = checked->check(list, kUpperList * sizeof(uint32_t));
    if (!status.is_ok()) return status;
  }
  return reinterpret_cast<const uint32_t*>(bytes + list);
}

}  // namespace nearsight
