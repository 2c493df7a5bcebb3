// Which table runs: asked once, of the CPU or of NEARSIGHT_KERNEL.
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#include <cstdlib>
#include <string>

#include "nearsight/kernels.h"

namespace nearsight {

extern const Kernels kScalarKernels;
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
extern const Kernels kNeonKernels;

namespace {

#if defined(__x86_64__)

// The builtin asks the operating system too (xgetbv): a CPU whose wide registers are not saved on a
// task switch counts as one without them.
void append_wide(std::vector<const Kernels*>& tables) {
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                        __builtin_cpu_supports("f16c") && __builtin_cpu_supports("sse4.2");
  if (has_avx2) tables.push_back(&kAvx2Kernels);
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512vnni");
  if (has_avx2 && has_avx512) tables.push_back(&kAvx512Kernels);
}

#elif defined(__aarch64__)

bool has_crc() {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#else
  return true;  // Apple's have it
#endif
}

void append_wide(std::vector<const Kernels*>& tables) {
  if (has_crc()) tables.push_back(&kNeonKernels);
}

#else

void append_wide(std::vector<const Kernels*>&) {}

#endif

}  // namespace

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> tables = {&kScalarKernels};
  append_wide(tables);
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
