#include "nearsight/guard.h"
#include "state.h"

namespace nearsight {

Status DocSet::check_mate(const ColumnsState* other) const {
  if (state_.get() == other) return Status::ok();
  return Status::invalid_argument(
      "this set of documents was made from another snapshot: make it from the same one");
}

Result<bool> DocSet::has(DocId doc) const {
  return guarded([&]() -> Result<bool> {
    for (const PlacedColumns& placed : state_->contents.parts) {
      auto found = placed.part->find(Section::kDocs, doc);
      if (!found.is_ok()) return found.status();
      if (found.value() == placed.docs()) continue;
      if (mask_.test(placed.begin + found.value())) return true;
    }
    return false;
  });
}

Result<DocSet> DocSet::both(const DocSet& other) const {
  return guarded([&]() -> Result<DocSet> {
    if (Status status = check_mate(other.state_.get()); !status.is_ok()) return status;
    return DocSet(state_, RowMask(mask_) &= other.mask_);
  });
}

Result<DocSet> DocSet::either(const DocSet& other) const {
  return guarded([&]() -> Result<DocSet> {
    if (Status status = check_mate(other.state_.get()); !status.is_ok()) return status;
    return DocSet(state_, RowMask(mask_) |= other.mask_);
  });
}

}  // namespace nearsight
