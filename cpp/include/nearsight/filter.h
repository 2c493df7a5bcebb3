// What restricts: turns a condition into marks on a mask, part by part.
#pragma once

#include <cstddef>
#include <span>

#include "nearsight/row_mask.h"
#include "nearsight/types.h"

namespace nearsight {

// Sets begin + i in `mask` for each i whose row_ids[i] is among `wanted`. Both ascend.
void mark_ids(std::span<const RowId> wanted, std::span<const RowId> row_ids, size_t begin,
              RowMask& mask);

}  // namespace nearsight
