// Which table runs: asked once, of the CPU or of NEARSIGHT_KERNEL.
#include <cstdlib>
#include <string>

#include "nearsight/kernels.h"

namespace nearsight {

extern const Kernels kScalarKernels;

#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;

namespace {

// The builtin asks the operating system too (xgetbv): a CPU whose wide registers are not saved on a
// task switch counts as one without them.
bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c") && __builtin_cpu_supports("sse4.2");
}

}  // namespace
#endif

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> tables = {&kScalarKernels};
#if defined(__x86_64__)
  if (has_avx2()) tables.push_back(&kAvx2Kernels);
#endif
  return tables;
}

Result<const Kernels*> kernels_named(std::string_view name) {
  std::string names;
  for (const Kernels* table : available_kernels()) {
    if (name == table->name) return table;
    names += names.empty() ? table->name : std::string(", ") + table->name;
  }
  return Status::unsupported("this CPU has no kernel named '" + std::string(name) +
                             "'; it can run: " + names +
                             " (unset NEARSIGHT_KERNEL to take the best)");
}

Result<const Kernels*> chosen_kernels() {
  static const Result<const Kernels*> chosen = []() -> Result<const Kernels*> {
    const char* forced = std::getenv("NEARSIGHT_KERNEL");
    if (forced == nullptr || *forced == '\0') return available_kernels().back();
    return kernels_named(forced);
  }();
  return chosen;
}

}  // namespace nearsight
