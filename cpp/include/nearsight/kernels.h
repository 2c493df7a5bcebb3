// The CPU's part: one table of functions per instruction set (kernel_table.h), chosen once.
//
// Dispatch is hoisted: a kernel scores a block of rows, never a pair. The scalar table is the
// reference; every other table agrees with it within kScoreTolerance * |query| * |row|.
#pragma once

#include <string_view>
#include <vector>

#include "nearsight/kernel_table.h"
#include "nearsight/status.h"

namespace nearsight {

inline constexpr float kScoreTolerance = 1e-5f;

// The best table this CPU can run, or the one that NEARSIGHT_KERNEL names. A name that is unknown
// or that this CPU lacks is kUnsupported, never a silent fallback. Chosen once per process.
Result<const Kernels*> chosen_kernels();

// Every table this CPU can run, scalar first: for tests and the benchmark.
std::vector<const Kernels*> available_kernels();

// The named table, by the same rules.
Result<const Kernels*> kernels_named(std::string_view name);

}  // namespace nearsight
