#include "coarse.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

namespace nearsight {
namespace {

constexpr size_t kMeasured = 24;  // centroids that are measured for each row
constexpr size_t kGroup = 8;

}  // namespace

void estimate_lists(const CoarseView& view, const CodeKernels& kernels, const float* rotated,
                    const QueryTables& tables, std::vector<float>& scores,
                    std::vector<uint32_t>& hits) {
  scores.resize(view.codes.count * kBlockRows);
  hits.resize(view.codes.count);
  float middle = 0;
  for (size_t i = 0; i < view.wide; ++i) middle += rotated[i] * view.mean[i];
  const CodeQuery query = tables.query();
  kernels.scan(&query, &view.codes, middle, 0, scores.data(), hits.data());
}

// Of the best scores of groups of eight, at least `wanted` are not below the wanted-th: cheaper
// than looking at every score, and seldom much lower than it has to be.
float threshold_of(const float* scores, size_t count, size_t wanted, std::vector<float>& scratch) {
  if (wanted >= count) return -std::numeric_limits<float>::infinity();
  scratch.clear();
  for (size_t begin = 0; begin < count; begin += kGroup) {
    scratch.push_back(*std::max_element(scores + begin, scores + std::min(count, begin + kGroup)));
  }
  if (wanted > scratch.size()) scratch.assign(scores, scores + count);
  const auto nth = scratch.begin() + static_cast<ptrdiff_t>(wanted - 1);
  std::nth_element(scratch.begin(), nth, scratch.end(), std::greater<>());
  return *nth;
}

Coarse::Coarse(size_t lists, size_t wide, const CodeKernels& kernels)
    : lists_(lists),
      wide_(wide),
      kernels_(&kernels),
      mean_(wide),
      factors_((lists + 31) / 32 * 32),
      half_squares_(lists),
      codes_(factors_.size() * wide / 8),
      centroids_(lists * wide) {}

void Coarse::set(const std::vector<float>& centroids) {
  std::fill(mean_.begin(), mean_.end(), 0.0f);
  for (size_t list = 0; list < lists_; ++list) {
    for (size_t i = 0; i < wide_; ++i) mean_[i] += centroids[list * wide_ + i];
  }
  for (float& number : mean_) number /= static_cast<float>(lists_);
  kernels_->narrow(centroids.data(), centroids.size(), centroids_.data());
  std::fill(codes_.begin(), codes_.end(), uint8_t{0});
  std::vector<float> residual(wide_);
  for (size_t list = 0; list < lists_; ++list) {
    const float* const centroid = centroids.data() + list * wide_;
    for (size_t i = 0; i < wide_; ++i) residual[i] = centroid[i] - mean_[i];
    uint8_t* const block = codes_.data() + list / kBlockRows * kBlockRows * wide_ / 8;
    factors_[list] = encode(residual.data(), wide_, block, list % kBlockRows).factor;
    half_squares_[list] = std::inner_product(centroid, centroid + wide_, centroid, 0.0f) / 2;
  }
}

void Coarse::set(const CoarseView& view) {
  std::copy_n(view.mean, wide_, mean_.begin());
  std::copy_n(view.codes.factors, factors_.size(), factors_.begin());
  std::copy_n(view.codes.codes, codes_.size(), codes_.begin());
  std::copy_n(view.centroids, centroids_.size(), centroids_.begin());
  std::vector<float> row(wide_);
  for (size_t list = 0; list < lists_; ++list) {
    kernels_->widen(centroids_.data() + list * wide_, wide_, row.data());
    half_squares_[list] = std::inner_product(row.begin(), row.end(), row.begin(), 0.0f) / 2;
  }
}

CoarseView Coarse::view() const {
  const CodeBlocks codes = {codes_.data(), factors_.data(), factors_.size() / 32, wide_ / 8};
  return {mean_.data(), codes, centroids_.data(), lists_, wide_};
}

// |x - c|^2 is least where x.c - |c|^2 / 2 is most.
Coarse::Near Coarse::nearest(const float* rotated, Scratch& scratch) const {
  float least = 0;
  scratch.scores.assign(lists_, least);
  if (lists_ > kMeasured) {
    scratch.tables.fill(rotated);
    estimate_lists(view(), *kernels_, rotated, scratch.tables, scratch.scores, scratch.hits);
    for (size_t list = 0; list < lists_; ++list) scratch.scores[list] -= half_squares_[list];
    least = threshold_of(scratch.scores.data(), lists_, kMeasured, scratch.sorted);
  }
  scratch.near.clear();
  scratch.rows.clear();
  for (size_t list = 0; list < lists_ && scratch.near.size() < 2 * kMeasured; ++list) {
    if (scratch.scores[list] < least) continue;
    scratch.near.push_back(static_cast<uint32_t>(list));
    scratch.rows.push_back(centroids_.data() + list * wide_);
  }
  scratch.dots.resize(scratch.rows.size());
  kernels_->score_apart(rotated, scratch.rows.data(), scratch.rows.size(), wide_,
                        scratch.dots.data());
  size_t best = 0;
  for (size_t i = 0; i < scratch.near.size(); ++i) {
    scratch.dots[i] -= half_squares_[scratch.near[i]];
    if (scratch.dots[i] > scratch.dots[best]) best = i;
  }
  return {scratch.near[best], std::max(0.0f, 1 - 2 * scratch.dots[best])};
}

}  // namespace nearsight
