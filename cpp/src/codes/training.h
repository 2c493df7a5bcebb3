// k-means on a sample: where the lists' centroids come to lie.
#pragma once

#include <vector>

#include "coarse.h"
#include "nearsight/progress.h"

namespace nearsight {

// How many lists so many rows are cut into.
size_t lists_for(size_t rows);
// From how many of them so many lists are learned.
size_t samples_for(size_t lists, size_t rows);

inline constexpr uint64_t kSeed = 0x6e656172;

// Rows of a source, rotated: what the centroids are learned from.
struct Sample {
  Sample(size_t count_, size_t wide) : rows(count_ * wide), count(count_) {}
  std::vector<float> rows;  // f32[count, wide]
  size_t count;
};

// Lloyd's algorithm from random rows of the sample. After each round, lists that are nearly empty
// start anew beside a row of the largest ones, so that lists come out of similar size. The same for
// any number of threads.
Status train(const Sample& sample, uint64_t seed, size_t threads, Progress& progress, float from,
             float until, Coarse& coarse);

}  // namespace nearsight
