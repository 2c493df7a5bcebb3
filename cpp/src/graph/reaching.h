// Sees to it that links lead to every row.
#pragma once

#include <span>

#include "nearsight/row_mask.h"
#include "parts.h"

namespace nearsight {

// Among many rows that are alike, each is linked to its likes only, and nothing leads to them from
// elsewhere. Each group that cannot be reached gets a link from the nearest row that can be.
// `bytes` are the view's own, in which links are added; `linked` are the rows that are meant.
Status reach_all(const GraphView& view, std::span<std::byte> bytes, const RowMask& linked,
                 const CodeKernels& kernels);

}  // namespace nearsight
