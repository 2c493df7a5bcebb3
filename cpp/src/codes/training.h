// k-means on a sample: where the lists' centroids come to lie.
#pragma once

#include <vector>

#include "coarse.h"
#include "nearsight/codes.h"

namespace nearsight {

// How many lists so many rows are cut into.
size_t lists_for(size_t rows);

// Rows of a source, rotated: what the centroids are learned from.
struct Sample {
  std::vector<float> rows;  // f32[count, wide]
  size_t count;
};

// Lloyd's algorithm from random rows of the sample. After each round, lists that are nearly empty
// start anew beside a row of the largest ones, so that lists come out of similar size. The progress
// goes from 0 to `share`. The same for any number of threads.
Status train(const Sample& sample, uint64_t seed, size_t threads, float share, Progress& progress,
             Coarse& coarse);

inline constexpr size_t kSamplesOfList = 40;

}  // namespace nearsight
