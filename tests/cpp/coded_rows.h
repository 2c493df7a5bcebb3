// Rows to code, and what brute force finds among them.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <vector>

#include "nearsight/codes.h"

namespace nearsight::test {

inline const TruthId kOwner = {7};

inline std::vector<float> normal_numbers(size_t count, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> numbers(count);
  for (float& number : numbers) number = normal(random);
  return numbers;
}

// Unit rows around a few centres, with ids that have gaps.
class Rows : public RowSource {
 public:
  Rows(size_t count, size_t dim, size_t centres, unsigned seed) : count_(count), dim_(dim) {
    std::mt19937 random(seed);
    const std::vector<float> middle = normal_numbers(centres * dim, random);
    numbers_ = normal_numbers(count * dim, random);
    for (size_t row = 0; row < count; ++row) {
      float squares = 0;
      for (size_t i = 0; i < dim; ++i) {
        float& number = numbers_[row * dim + i];
        number = middle[row % centres * dim + i] + 0.6f * number;
        squares += number * number;
      }
      for (size_t i = 0; i < dim; ++i) numbers_[row * dim + i] /= std::sqrt(squares);
    }
  }

  size_t size() const override { return count_; }
  Status read(size_t begin, size_t count, RowId* ids, float* rows) const override {
    for (size_t i = 0; i < count; ++i) ids[i] = id(begin + i);
    std::memcpy(rows, row(begin), count * dim_ * sizeof(float));
    return Status::ok();
  }

  static RowId id(size_t row) { return 100 + 3 * row; }
  float& number_at(size_t row, size_t i) { return numbers_[row * dim_ + i]; }
  const float* row(size_t row) const { return numbers_.data() + row * dim_; }
  std::set<RowId> best(const float* query, size_t k, const RowMask* allowed = nullptr) const {
    std::vector<ScoredRow> all;
    for (size_t i = 0; i < count_; ++i) {
      if (allowed != nullptr && !allowed->test(id(i) - id(0))) continue;
      all.push_back({id(i), std::inner_product(query, query + dim_, row(i), 0.0f)});
    }
    std::sort(all.begin(), all.end(), ranks_before);
    std::set<RowId> ids;
    for (size_t i = 0; i < std::min(k, all.size()); ++i) ids.insert(all[i].id);
    return ids;
  }

 private:
  size_t count_, dim_;
  std::vector<float> numbers_;
};

inline std::shared_ptr<const Codes> built(const RowSource& rows, uint32_t dim, Directory* directory,
                                          const Codes* base = nullptr, size_t threads = 1,
                                          const RowMask* erased = nullptr) {
  Progress progress;
  auto codes =
      Codes::build(rows, {dim, kOwner, "codes", directory, base, erased, threads}, progress);
  REQUIRE_MESSAGE(codes.is_ok(), codes.status().message());
  CHECK(progress.done() == 1);
  return codes.value();
}

inline double recall(const Codes& codes, const Rows& rows, size_t step,
                     const RowMask* allowed = nullptr) {
  size_t found = 0, wanted = 0;
  auto mask = codes.mask(allowed != nullptr ? *allowed : RowMask(0));
  REQUIRE(mask.is_ok());
  for (size_t i = 0; i < rows.size(); i += step) {
    CodesQuestion question{rows.row(i)};
    if (allowed != nullptr) question.allowed = &mask.value();
    auto answer = codes.search(question);
    REQUIRE_MESSAGE(answer.is_ok(), answer.status().message());
    const std::set<RowId> best = rows.best(rows.row(i), 10, allowed);
    REQUIRE(answer.value().rows.size() >= best.size());
    for (const ScoredRow& row : answer.value().rows) found += best.count(row.id);  // the spare too
    wanted += best.size();
  }
  return static_cast<double>(found) / static_cast<double>(wanted);
}

}  // namespace nearsight::test
