// A slow, plain model of the index: a map of rows, scored in double and sorted.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <span>
#include <vector>

#include "nearsight/index.h"

namespace nearsight::test {

using Vectors = std::vector<std::vector<float>>;  // one for each field

inline const TruthId kTruth = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

inline std::vector<float> random_vector(size_t dim, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> vector(dim);
  for (float& number : vector) number = normal(random);
  return vector;
}

inline Vectors random_vectors(const std::vector<Field>& fields, std::mt19937& random) {
  Vectors vectors;
  for (const Field& field : fields) vectors.push_back(random_vector(field.dim, random));
  return vectors;
}

// The rank of one term, as it is.
inline std::vector<Rank> only(const Term& term) { return {Rank{{term}}}; }

class Model {
 public:
  explicit Model(std::vector<Field> fields) : fields_(std::move(fields)) {}

  std::map<RowId, Vectors> rows;

  // What the rounding of f32 and f16 rows may change in the score of one term.
  double tolerance(const Term& term, const Vectors& row) const {
    const Field& field = *named(term.field);
    const double length =
        field.metric == Metric::kCosine ? 1 : norm(term.query) * norm(row[at(field)]);
    if (field.element == Element::kI8) return i8_tolerance(field, term, row[at(field)]);
    return (field.element == Element::kF16 ? 2e-3 : 1e-5) * length + 1e-7;
  }

  double score(const Term& term, const Vectors& row) const {
    const Field& field = *named(term.field);
    const std::vector<float>& numbers = row[at(field)];
    double sum = 0;
    for (size_t i = 0; i < field.dim; ++i) sum += static_cast<double>(term.query[i]) * numbers[i];
    return field.metric == Metric::kCosine ? sum / norm(term.query) / norm(numbers) : sum;
  }

  // Holds found rows to the model: as many as there should be, in order, each with its own score,
  // and none left out that scores clearly more than the last.
  void check(const std::vector<ScoredRow>& found, const Term& term, size_t k, size_t offset,
             const std::set<RowId>* allowed = nullptr) const {
    std::vector<double> all;
    double slack = 0;
    for (const auto& [id, row] : rows) {
      if (allowed != nullptr && !allowed->contains(id)) continue;
      all.push_back(score(term, row));
      slack = std::max(slack, tolerance(term, row));
    }
    std::sort(all.rbegin(), all.rend());
    const size_t expected = offset >= all.size() ? 0 : std::min(k, all.size() - offset);
    REQUIRE(found.size() == expected);
    REQUIRE(std::is_sorted(found.begin(), found.end(), ranks_before));
    for (size_t i = 0; i < found.size(); ++i) {
      REQUIRE(rows.contains(found[i].id));
      REQUIRE((allowed == nullptr || allowed->contains(found[i].id)));
      REQUIRE(std::fabs(found[i].score - score(term, rows.at(found[i].id))) <= slack);
      REQUIRE(std::fabs(found[i].score - all[offset + i]) <= slack);
    }
  }

 private:
  static double norm(const std::vector<float>& numbers) {
    double squares = 0;
    for (const float number : numbers) squares += static_cast<double>(number) * number;
    return std::sqrt(squares);
  }

  // The bound of FORMAT.md: half a step of the row for each number of the query, and the same the
  // other way round.
  static double i8_tolerance(const Field& field, const Term& term, const std::vector<float>& row) {
    const bool is_cosine = field.metric == Metric::kCosine;
    const auto sum_and_most = [&](const std::vector<float>& numbers) {
      const double length = is_cosine ? norm(numbers) : 1;
      double sum = 0, most = 0;
      for (const float number : numbers) {
        sum += std::fabs(number) / length;
        most = std::max(most, std::fabs(number) / length);
      }
      return std::pair(sum, most);
    };
    const auto [query_sum, query_most] = sum_and_most(term.query);
    const auto [row_sum, row_most] = sum_and_most(row);
    const double step = std::max(query_most / INT16_MAX, query_sum / (kMaxQuerySum - field.dim));
    return 1.001 * (row_most / 254 * query_sum + step / 2 * row_sum) + 1e-7;
  }

  const Field* named(const std::string& name) const {
    return &*std::find_if(fields_.begin(), fields_.end(),
                          [&](const Field& field) { return field.name == name; });
  }
  size_t at(const Field& field) const { return static_cast<size_t>(&field - fields_.data()); }

  std::vector<Field> fields_;
};

// Appends one row; all tests that need no batches speak through this.
inline Status append(Index& index, RowId id, const Vectors& row) {
  const std::vector<std::span<const float>> spans(row.begin(), row.end());
  return index.append(std::span(&id, 1), spans);
}

inline std::unique_ptr<Index> open_index(const std::string& path, const std::vector<Field>& fields,
                                         const TruthId& truth = kTruth) {
  auto index = Index::open(path, truth, fields);
  REQUIRE_MESSAGE(index.is_ok(), index.status().message());
  return std::move(index.value());
}

inline std::vector<RowId> ids_of(const Index& index) {
  auto ids = index.snapshot()->ids();
  REQUIRE_MESSAGE(ids.is_ok(), ids.status().message());
  return ids.value();
}

// Everything that searching can tell of an index is what the model says.
inline void check_same(const Index& index, const Model& model, const std::vector<Field>& fields,
                       std::mt19937& random) {
  std::vector<RowId> expected;
  for (const auto& [id, row] : model.rows) expected.push_back(id);
  REQUIRE(ids_of(index) == expected);
  REQUIRE(index.snapshot()->size() == expected.size());
  for (const Field& field : fields) {
    const Term term{field.name, random_vector(field.dim, random)};
    auto found = index.snapshot()->search(only(term), expected.size() + 1);
    REQUIRE_MESSAGE(found.is_ok(), found.status().message());
    model.check(found.value(), term, expected.size() + 1, 0);
  }
}

}  // namespace nearsight::test
