// The centroids, and which of them is nearest: their own one-bit codes tell the few to measure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "code.h"
#include "nearsight/code_kernels.h"

namespace nearsight {

// All centroids as a search and a build read them; the memory is somebody else's.
struct CoarseView {
  const float* mean;          // wide numbers
  CodeBlocks codes;           // of centroid - mean
  const uint16_t* centroids;  // f16[lists, wide]
  size_t lists;
  size_t wide;
};

// dot(rotated query, centroid) as the codes estimate it: ceil(lists / 32) * 32 scores, of which the
// last ones mean nothing.
void estimate_lists(const CoarseView& view, const CodeKernels& kernels, const float* rotated,
                    const QueryTables& tables, std::vector<float>& scores,
                    std::vector<uint32_t>& hits);

// The largest number of which at least `wanted` of the scores are not below.
float threshold_of(const float* scores, size_t count, size_t wanted, std::vector<float>& scratch);

// Centroids while they are being learned and rows while they are given to them.
class Coarse {
 public:
  Coarse(size_t lists, size_t wide, const CodeKernels& kernels);

  // centroids: f32[lists, wide], rotated.
  void set(const std::vector<float>& centroids);
  void set(const CoarseView& view);  // the same as somebody else's
  CoarseView view() const;

  // What one thread needs for it.
  struct Scratch {
    explicit Scratch(size_t wide) : tables(wide) {}
    QueryTables tables;
    std::vector<float> scores, sorted, dots;
    std::vector<uint32_t> hits, near;
    std::vector<const uint16_t*> rows;
  };
  struct Near {
    uint32_t list;
    float squared;  // distance
  };
  // The list whose centroid is nearest to a rotated row of unit length.
  Near nearest(const float* rotated, Scratch& scratch) const;

  const std::vector<float>& mean() const { return mean_; }
  const std::vector<float>& factors() const { return factors_; }
  const std::vector<uint8_t>& codes() const { return codes_; }
  const std::vector<uint16_t>& centroids() const { return centroids_; }

 private:
  size_t lists_, wide_;
  const CodeKernels* kernels_;
  std::vector<float> mean_, factors_, half_squares_;  // |centroid|^2 / 2
  std::vector<uint8_t> codes_;
  std::vector<uint16_t> centroids_;
};

}  // namespace nearsight
