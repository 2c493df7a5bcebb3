#include "nearsight/rank.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace nearsight::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<ScoredRow> sorted_slice(std::vector<ScoredRow> rows, size_t room, size_t offset) {
  std::sort(rows.begin(), rows.end(), ranks_before);
  rows.resize(std::min(rows.size(), room));
  rows.erase(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(std::min(offset, rows.size())));
  return rows;
}

void check_equal(const std::vector<ScoredRow>& found, const std::vector<ScoredRow>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].id == expected[i].id);
    REQUIRE(found[i].score == expected[i].score);
  }
}

TEST_CASE("the best rows are those of a full sort, whatever the order, with ties by id") {
  std::mt19937 random(5);
  for (int round = 0; round < 400; ++round) {
    const size_t count = random() % 300;
    const uint64_t distinct = 1 + random() % 20;  // few scores: many ties
    std::vector<ScoredRow> rows(count);
    for (size_t i = 0; i < count; ++i) {
      rows[i] = {i + 1, static_cast<float>(random() % distinct) - 5};
    }
    std::shuffle(rows.begin(), rows.end(), random);
    const size_t room = 1 + random() % 350;
    const size_t offset = random() % 40;
    Best best(room);
    for (const ScoredRow& row : rows) best.offer(&row.id, &row.score, 1);
    check_equal(best.take(offset), sorted_slice(rows, room, offset));
  }
}

TEST_CASE("what is not a number is never among the best; infinities are") {
  const RowId ids[] = {1, 2, 3, 4};
  const float scores[] = {NAN, -kInfinity, 0, kInfinity};
  Best best(10);
  best.offer(ids, scores, 4);
  check_equal(best.take(0), {{4, kInfinity}, {3, 0}, {2, -kInfinity}});
}

TEST_CASE("a room as large as memory costs only the rows there are") {
  Best best(std::numeric_limits<size_t>::max() / 2);
  const RowId id = 7;
  const float score = 1;
  best.offer(&id, &score, 1);
  check_equal(best.take(0), {{7, 1.0f}});
}

struct TwoFields {
  std::vector<float> left = std::vector<float>(100 * 16);
  std::vector<float> right = std::vector<float>(100 * 16);
  std::vector<RowId> ids = std::vector<RowId>(100);

  explicit TwoFields(uint32_t seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (float& number : left) number = uniform(random);
    for (float& number : right) number = uniform(random);
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = i + 1;
  }

  std::vector<ScoredRow> rank(std::vector<ReadyTerm> terms) const {
    Ranking ranking(*available_kernels()[0], std::move(terms), ids.size());
    std::vector<const std::byte*> blocks;
    for (const ReadyTerm& term : ranking.terms()) {
      blocks.push_back(reinterpret_cast<const std::byte*>((term.field == 0 ? left : right).data()));
    }
    ranking.offer(ids.data(), blocks, ids.size());
    return ranking.take(0);
  }
};

ReadyTerm term(size_t field, std::vector<float> query, float weight, Curve curve) {
  return {std::move(query), field, Element::kF32, 16, weight, curve};
}

TEST_CASE("terms add up with their weights and curves") {
  const TwoFields rows(6);
  const std::vector<float> first = {0.5f, -1, 2}, second = {1, 0.25f};
  const std::vector<ScoredRow> found =
      rows.rank({term(0, first, 2, Curve::kLinear), term(1, second, 0.5f, Curve::kLog),
                 term(0, second, -3, Curve::kLinear)});
  REQUIRE(found.size() == 100);
  for (const ScoredRow& row : found) {
    const float* const left = rows.left.data() + (row.id - 1) * 16;
    const float* const right = rows.right.data() + (row.id - 1) * 16;
    const double linear = 0.5 * left[0] - left[1] + 2.0 * left[2];
    const double log = std::log(std::max<double>(right[0] + 0.25 * right[1], kLogFloor));
    const double pushed = left[0] + 0.25 * left[1];
    CHECK(row.score == doctest::Approx(2 * linear + 0.5 * log - 3 * pushed).epsilon(1e-4));
  }
  CHECK(std::is_sorted(found.begin(), found.end(), ranks_before));
}

TEST_CASE("weights that overflow still give every row its place") {
  const TwoFields rows(7);
  const float huge = std::numeric_limits<float>::max();
  const std::vector<ScoredRow> found = rows.rank(
      {term(0, {huge / 4}, huge, Curve::kLinear), term(1, {huge / 4}, -huge, Curve::kLinear)});
  CHECK(found.size() == 100);
  for (const ScoredRow& row : found) CHECK(std::isfinite(row.score));
}

TEST_CASE("a negative weight turns the order round") {
  const TwoFields rows(8);
  auto up = rows.rank({term(0, {1}, 1, Curve::kLinear)});
  const auto down = rows.rank({term(0, {1}, -1, Curve::kLinear)});
  std::reverse(up.begin(), up.end());
  for (size_t i = 0; i < up.size(); ++i) CHECK(up[i].id == down[i].id);
}

}  // namespace
}  // namespace nearsight::test
