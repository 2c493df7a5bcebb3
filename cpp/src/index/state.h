// What a snapshot shows: one committed state of the index.
#pragma once

#include <memory>
#include <vector>

#include "nearsight/index.h"
#include "nearsight/kernels.h"
#include "nearsight/store.h"

namespace nearsight {

struct Snapshot::State {
  uint64_t serial;  // what masks of this snapshot carry; unique within the process, never 0
  const Kernels* kernels;
  std::shared_ptr<const std::vector<Field>> fields;
  Contents contents;
  size_t live_count;

  Status check(const RowMask* mask) const;  // is it null, or of this snapshot?
};

}  // namespace nearsight
