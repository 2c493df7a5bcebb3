// Asks a graph in the making for rows that are not linked yet, and keeps what each breadth finds.
#pragma once

#include <vector>

#include "nearsight/progress.h"
#include "parts.h"

namespace nearsight {

// `held`: places of rows that lie in the view but are not linked, nor are their twins.
Result<Calibration> measured(const GraphView& view, const CodeKernels& kernels,
                             const std::vector<uint32_t>& held, size_t threads, float from,
                             float to, Progress& progress);

}  // namespace nearsight
