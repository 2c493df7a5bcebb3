#include "training.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "noise.h"

namespace nearsight {
namespace {

constexpr size_t kRounds = 8;
constexpr size_t kSamplesOfList = 40;
constexpr size_t kPieceRows = 512;

// One round's rows, lists and sizes.
struct Round {
  std::vector<uint32_t> list_of;  // of each row
  std::vector<uint32_t> sizes;
};

Status assign(const Sample& sample, const Coarse& coarse, size_t wide, size_t threads, float from,
              float to, Progress& progress, Round& round) {
  const size_t pieces = (sample.count + kPieceRows - 1) / kPieceRows;
  const Status status = run_tasks(pieces, threads, progress, from, to, [&](size_t, size_t piece) {
    Coarse::Scratch scratch(wide);
    const size_t end = std::min(sample.count, (piece + 1) * kPieceRows);
    for (size_t row = piece * kPieceRows; row < end; ++row)
      round.list_of[row] = coarse.nearest(sample.rows.data() + row * wide, scratch).list;
    return Status::ok();
  });
  std::fill(round.sizes.begin(), round.sizes.end(), 0u);
  for (const uint32_t list : round.list_of) ++round.sizes[list];
  return status;
}

void average(const Sample& sample, const Round& round, size_t wide, std::vector<float>& centroids) {
  for (size_t list = 0; list < round.sizes.size(); ++list) {
    if (round.sizes[list] > 0) std::fill_n(centroids.data() + list * wide, wide, 0.0f);
  }
  for (size_t row = 0; row < sample.count; ++row) {
    const float* const from = sample.rows.data() + row * wide;
    float* const to = centroids.data() + round.list_of[row] * wide;
    for (size_t i = 0; i < wide; ++i) to[i] += from[i];
  }
  for (size_t list = 0; list < round.sizes.size(); ++list) {
    const float share = 1.0f / static_cast<float>(std::max(1u, round.sizes[list]));
    float* const to = centroids.data() + list * wide;
    if (round.sizes[list] > 0) std::for_each(to, to + wide, [&](float& x) { x *= share; });
  }
}

// The smallest list takes a row of the largest as its centroid, the second of the second, and so on
// while one is less than an eighth of the average or the other more than four times it.
void rebalance(const Sample& sample, const Round& round, size_t wide, Noise& noise,
               std::vector<float>& centroids) {
  const size_t lists = round.sizes.size();
  std::vector<uint32_t> order(lists);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return round.sizes[a] < round.sizes[b]; });
  const size_t average_size = sample.count / lists;
  std::vector<uint32_t> taker(lists, UINT32_MAX);  // of each large list
  for (size_t i = 0; i < lists / 2; ++i) {
    const uint32_t small = order[i], large = order[lists - 1 - i];
    const bool is_lopsided =
        round.sizes[small] * 8 < average_size ||
        (round.sizes[large] > 4 * average_size && round.sizes[small] * 2 < average_size);
    if (!is_lopsided || round.sizes[large] < 2) break;
    taker[large] = small;
  }
  const size_t start = noise.below(sample.count);
  for (size_t i = 0; i < sample.count; ++i) {
    const size_t row = (start + i) % sample.count;
    uint32_t& small = taker[round.list_of[row]];
    if (small == UINT32_MAX) continue;
    std::copy_n(sample.rows.data() + row * wide, wide, centroids.data() + small * wide);
    small = UINT32_MAX;
  }
}

}  // namespace

size_t lists_for(size_t rows) {
  const auto root = static_cast<size_t>(4 * std::sqrt(static_cast<double>(rows)));
  return std::max<size_t>(1, std::min(root, rows / 96) / 32 * 32);
}

size_t samples_for(size_t lists, size_t rows) {
  return std::min(rows, std::max<size_t>(1024, lists * kSamplesOfList));
}

Status train(const Sample& sample, uint64_t seed, size_t threads, Progress& progress, float from,
             float until, Coarse& coarse) {
  const CoarseView view = coarse.view();
  const size_t wide = view.wide, lists = view.lists;
  Noise noise(seed);
  std::vector<float> centroids(lists * wide);
  for (size_t list = 0; list < lists; ++list) {  // a row from each stretch of the sample
    const size_t stretch = sample.count / lists;
    const size_t row = list * stretch + noise.below(std::max<size_t>(1, stretch));
    std::copy_n(sample.rows.data() + row * wide, wide, centroids.data() + list * wide);
  }
  Round round{std::vector<uint32_t>(sample.count), std::vector<uint32_t>(lists)};
  for (size_t i = 0; i < kRounds && lists > 1; ++i) {
    coarse.set(centroids);
    const float step = (until - from) / kRounds, begin = from + step * static_cast<float>(i);
    Status status = assign(sample, coarse, wide, threads, begin, begin + step, progress, round);
    if (!status.is_ok()) return status;
    average(sample, round, wide, centroids);
    if (i + 2 < kRounds) rebalance(sample, round, wide, noise, centroids);
  }
  if (lists == 1) {
    round.sizes[0] = static_cast<uint32_t>(sample.count);
    average(sample, round, wide, centroids);
  }
  coarse.set(centroids);
  return Status::ok();
}

}  // namespace nearsight
