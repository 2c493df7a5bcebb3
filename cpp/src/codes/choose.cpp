// Which table runs: the one that goes with the kernels that searches use.
#include <string_view>

#include "nearsight/codes.h"
#include "nearsight/kernels.h"

namespace nearsight {

extern const CodeKernels kScalarCodes;
#if defined(__x86_64__)
extern const CodeKernels kAvx2Codes;
extern const CodeKernels kAvx512Codes;

namespace {

bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c");
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

}  // namespace
#elif defined(__aarch64__)
extern const CodeKernels kNeonCodes;
#endif

std::vector<const CodeKernels*> available_code_kernels() {
  std::vector<const CodeKernels*> tables = {&kScalarCodes};
#if defined(__x86_64__)
  if (has_avx2()) tables.push_back(&kAvx2Codes);
  if (has_avx512()) tables.push_back(&kAvx512Codes);
#elif defined(__aarch64__)
  tables.push_back(&kNeonCodes);
#endif
  return tables;
}

Result<const CodeKernels*> chosen_code_kernels() {
  const auto chosen = chosen_kernels();
  if (!chosen.is_ok()) return chosen.status();
  const std::vector<const CodeKernels*> tables = available_code_kernels();
  if (chosen.value() == available_kernels().back()) return tables.back();
  for (const CodeKernels* table : tables) {
    if (std::string_view(chosen.value()->name) == table->name) return table;
  }
  return tables.front();
}

}  // namespace nearsight
