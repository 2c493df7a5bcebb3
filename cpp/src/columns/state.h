// What a snapshot of columns shows: one committed state.
#pragma once

#include "contents.h"
#include "nearsight/columns.h"

namespace nearsight {

struct ColumnsState {
  ColumnsContents contents;
  size_t live_count;

  RowMask empty() const { return RowMask(contents.live.size()); }
};

}  // namespace nearsight
