// Chooses the links of rows, by hnswlib; the rows and the lists lie in a draft of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "layout.h"
#include "nearsight/code_kernels.h"
#include "nearsight/status.h"

namespace nearsight {

class Linker {
 public:
  // `bytes` are a draft's, laid out so, with all rows in place and no links yet; `levels` says for
  // each row on how many upper levels it is. REQUIRES that no other row that is linked is on more
  // than `entry` is.
  static Result<std::unique_ptr<Linker>> make(std::span<std::byte> bytes, const GraphLayout& layout,
                                              uint32_t dim, const std::vector<uint8_t>& levels,
                                              uint32_t entry, const CodeKernels& kernels);
  ~Linker();

  // Links a row with those that were linked before (the entry is). From several threads at once,
  // each row once. Fails: kOutOfMemory, kCorruption (hnswlib found a list that it did not write).
  Status link(uint32_t place);

 private:
  class Lists;
  explicit Linker(std::unique_ptr<Lists> lists);
  std::unique_ptr<Lists> lists_;
};

}  // namespace nearsight
