// Asks codes in the making for the neighbours of some of their rows, and keeps how far these lie.
#pragma once

#include "calibration.h"
#include "layout.h"
#include "nearsight/code_kernels.h"
#include "nearsight/progress.h"
#include "rotation.h"

namespace nearsight {

// A file of which all but the header and the checksums is written.
struct CodedRows {
  const std::byte* bytes;
  const CodesHeader& header;
  const CodesLayout& layout;
  const Rotation& rotation;
  const CodeKernels& kernels;

  template <class T>
  const T* at(uint64_t offset) const {
    return reinterpret_cast<const T*>(bytes + offset);
  }
  const uint16_t* row(uint64_t slot) const {
    return at<uint16_t>(layout.vectors) + slot * layout.row_stride;
  }
};

Status measure(const CodedRows& rows, size_t threads, Progress& progress, float from, float until,
               Reaches& reaches);

// How wide residuals are along a rotated query: the root mean square of the sample's.
float spread_along(const uint16_t* sample, const float* rotated, size_t wide,
                   const CodeKernels& kernels);

}  // namespace nearsight
