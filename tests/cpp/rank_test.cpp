#include "nearsight/rank.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

namespace nearsight::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

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
      rows[i] = {i + 1, static_cast<double>(random() % distinct) - 5};
    }
    std::shuffle(rows.begin(), rows.end(), random);
    const size_t room = 1 + random() % 350;
    const size_t offset = random() % 40;
    Best best(room);
    for (const ScoredRow& row : rows) best.offer(&row.id, {nullptr, 1}, &row.score);
    check_equal(best.take(offset), sorted_slice(rows, room, offset));
  }
}

TEST_CASE("the best of picked rows, offered in blocks to several that are joined") {
  std::mt19937 random(6);
  for (int round = 0; round < 200; ++round) {
    std::vector<RowId> ids(1 + random() % 100);
    std::vector<uint32_t> which;
    std::vector<float> scores;
    std::vector<ScoredRow> rows;
    for (uint32_t i = 0; i < ids.size(); ++i) {
      ids[i] = 3 * i + 1;
      if (random() % 3 == 0) continue;
      which.push_back(i);
      scores.push_back(static_cast<float>(random() % 7));
      rows.push_back({ids[i], scores.back()});
    }
    const size_t room = 1 + random() % 50, half = which.size() / 2;
    Best left(room), right(room);
    right.offer(ids.data(), {which.data(), half}, scores.data());
    left.offer(ids.data(), {which.data() + half, which.size() - half}, scores.data() + half);
    left.join(right);
    check_equal(left.take(0), sorted_slice(rows, room, 0));
  }
}

TEST_CASE("what is not a number is never among the best; infinities are") {
  const RowId ids[] = {1, 2, 3, 4};
  const double scores[] = {NAN, -kInfinity, 0, kInfinity};
  Best best(10);
  best.offer(ids, {nullptr, 4}, scores);
  check_equal(best.take(0), {{4, kInfinity}, {3, 0}, {2, -kInfinity}});
}

TEST_CASE("a room as large as memory costs only the rows there are") {
  Best best(std::numeric_limits<size_t>::max() / 2);
  const RowId id = 7;
  const double score = 1;
  best.offer(&id, {nullptr, 1}, &score);
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

  std::vector<ScoredRow> rank(std::vector<ReadyRank> ranks) const {
    const Scorer scorer(*available_kernels()[0], std::move(ranks));
    const std::array<const std::byte*, kMaxFields> blocks = {
        reinterpret_cast<const std::byte*>(left.data()),
        reinterpret_cast<const std::byte*>(right.data())};
    std::vector<double> keys(ids.size());
    scorer.keys(blocks, {nullptr, ids.size()}, keys.data());
    Best best(ids.size());
    best.offer(ids.data(), {nullptr, ids.size()}, keys.data());
    std::vector<ScoredRow> ranked = best.take(0);
    for (ScoredRow& row : ranked) row.score = scorer.score(row.score);
    return ranked;
  }

  // What the terms of one rank add up to for a row, in double.
  double sum(const std::vector<ReadyTerm>& terms, RowId id) const {
    double total = 0;
    for (const ReadyTerm& term : terms) {
      const float* const row = (term.query.field == 0 ? left : right).data() + (id - 1) * 16;
      double dot = 0;
      for (size_t i = 0; i < term.query.dim; ++i) {
        dot += static_cast<double>(term.query.numbers[i]) * row[i];
      }
      total += term.weight *
               (term.curve == Curve::kLog ? std::log(std::max<double>(dot, kLogFloor)) : dot);
    }
    return total;
  }
};

ReadyTerm term(size_t field, std::vector<float> query, float weight = 1,
               Curve curve = Curve::kLinear) {
  query.resize(16);
  return {{1, field, Element::kF32, 0, 16, 16, std::move(query), {}, {}}, weight, curve};
}

ReadyRank rank(std::vector<ReadyTerm> terms, double weight = 1, Squash squash = Squash::kLinear,
               double bias = 0) {
  return {std::move(terms), weight, squash, bias};
}

const std::vector<ReadyTerm> kThree = {
    term(0, {0.5f, -1, 2}, 2), term(1, {1, 0.25f}, 0.5f, Curve::kLog), term(0, {1, 0.25f}, -3)};

TEST_CASE("terms add up with their weights and curves") {
  const TwoFields rows(6);
  const std::vector<ScoredRow> found = rows.rank({rank(kThree)});
  REQUIRE(found.size() == 100);
  for (const ScoredRow& row : found) {
    CHECK(row.score == doctest::Approx(rows.sum(kThree, row.id)).epsilon(1e-4));
  }
  CHECK(std::is_sorted(found.begin(), found.end(), ranks_before));
}

TEST_CASE("ranks add up with their weights, biases and what squashes them") {
  const TwoFields rows(9);
  const std::vector<ReadyTerm> other = {term(1, {-1, 2, 0.5f})};
  const std::vector<ScoredRow> found =
      rows.rank({rank(kThree, 0.7, Squash::kSigmoid, -0.5), rank(other, -2, Squash::kExp, 0.1),
                 rank(other, 0.5, Squash::kLinear, 1)});
  REQUIRE(found.size() == 100);
  for (const ScoredRow& row : found) {
    const double sum = rows.sum(other, row.id);
    const double expected = 0.7 / (1 + std::exp(0.5 - rows.sum(kThree, row.id))) -
                            2 * std::exp(0.1 + sum) + 0.5 * (1 + sum);
    CHECK(row.score == doctest::Approx(expected).epsilon(1e-4));
  }
  CHECK(std::is_sorted(found.begin(), found.end(), ranks_before));
}

TEST_CASE("a single rank orders by what it squashes, and scores what it squashes to") {
  const TwoFields rows(10);
  const std::vector<ScoredRow> plain = rows.rank({rank({term(0, {1})})});
  for (const Squash squash : {Squash::kLinear, Squash::kSigmoid, Squash::kExp}) {
    for (const double bias : {-900.0, 0.25, 900.0}) {  // all of them 0, or 1, in double
      const std::vector<ScoredRow> found = rows.rank({rank({term(0, {1})}, 2, squash, bias)});
      for (size_t i = 0; i < plain.size(); ++i) REQUIRE(found[i].id == plain[i].id);
      CHECK(std::is_sorted(found.begin(), found.end(),
                           [](auto& a, auto& b) { return a.score > b.score; }));
    }
  }
  const std::vector<ScoredRow> found = rows.rank({rank({term(0, {1})}, 2, Squash::kSigmoid, 0.25)});
  for (const ScoredRow& row : found) {
    CHECK(row.score == doctest::Approx(2 / (1 + std::exp(-0.25 - rows.left[(row.id - 1) * 16]))));
  }
}

TEST_CASE("of a weight of nothing all rows score the same and come by age") {
  const TwoFields rows(11);
  const std::vector<ScoredRow> found = rows.rank({rank({term(0, {1})}, 0, Squash::kExp, 1e6)});
  for (size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].id == i + 1);
    CHECK(found[i].score == 0);
  }
}

TEST_CASE("weights that overflow still give every row its place") {
  const TwoFields rows(7);
  const float huge = std::numeric_limits<float>::max();
  const std::vector<ReadyTerm> terms = {term(0, {huge / 4}, huge), term(1, {huge / 4}, -huge)};
  for (const Squash squash : {Squash::kLinear, Squash::kExp}) {
    const ReadyRank ranks[] = {rank(terms, 1e300, squash), rank(terms, -1e300, squash)};
    for (const size_t count : {1u, 2u}) {
      const std::vector<ScoredRow> found = rows.rank({ranks, ranks + count});
      CHECK(found.size() == 100);
      for (const ScoredRow& row : found) CHECK(std::isfinite(row.score));
    }
  }
}

TEST_CASE("a negative weight turns the order round, of a term and of a rank") {
  const TwoFields rows(8);
  auto up = rows.rank({rank({term(0, {1})})});
  std::reverse(up.begin(), up.end());
  const auto down = rows.rank({rank({term(0, {1}, -1)})});
  const auto below = rows.rank({rank({term(0, {1})}, -2, Squash::kSigmoid)});
  for (size_t i = 0; i < up.size(); ++i) {
    CHECK(down[i].id == up[i].id);
    CHECK(below[i].id == up[i].id);
    CHECK(below[i].score == doctest::Approx(-2 / (1 + std::exp(-up[i].score))));
  }
}

}  // namespace
}  // namespace nearsight::test
