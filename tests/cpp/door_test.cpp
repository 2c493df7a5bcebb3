// What may enter the index, and what is said of what may not.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "model.h"

namespace nearsight::test {
namespace {

const std::vector<Field> kFields = {{"picture", 3, Element::kF32, Metric::kCosine},
                                    {"labels", 2, Element::kF16, Metric::kDot}};
const Vectors kGood = {{3, 0, 4}, {0.5f, 0.25f}};

void check_refused(const Status& status, std::string_view says) {
  CAPTURE(status.message());
  CHECK(status.code() == StatusCode::kInvalidArgument);
  CHECK(status.message().find(says) != std::string_view::npos);
}

void check_refused_fields(const std::vector<Field>& fields, std::string_view says) {
  check_refused(Index::open("", kTruth, fields).status(), says);
}

TEST_CASE("fields that make no sense are refused") {
  const Field good = kFields[0];
  check_refused_fields({}, "1 to 8 fields, not 0");
  check_refused_fields(std::vector<Field>(9, good), "not 9");
  check_refused_fields({good, good}, "'picture' is named twice");
  check_refused_fields({{"", 3, Element::kF32, Metric::kDot}}, "name");
  check_refused_fields({{std::string(65, 'x'), 3, Element::kF32, Metric::kDot}}, "name");
  check_refused_fields({{"x", 0, Element::kF32, Metric::kDot}}, "not 0");
  check_refused_fields({{"x", kMaxDim + 1, Element::kF32, Metric::kDot}}, "not 65537");
}

TEST_CASE(
    "a vector that has no direction or is not finite is refused with its id, and nothing enters") {
  const auto index = open_index("", kFields);
  const float nan = NAN, infinity = INFINITY;
  check_refused(append(*index, 1, {{0, 0, 0}, kGood[1]}),
                "id 1, field 'picture': all numbers are zero");
  check_refused(append(*index, 1, {{1, nan, 0}, kGood[1]}), "number 1 is nan, not a finite number");
  check_refused(append(*index, 1, {{1, 0, -infinity}, kGood[1]}), "number 2 is -inf");
  check_refused(append(*index, 1, {kGood[0], {nan, 0}}), "field 'labels': number 0");
  check_refused(append(*index, 1, {kGood[0], {0, 65505}}), "too large for this field");
  REQUIRE(append(*index, 1, {kGood[0], {0, 0}}).is_ok());  // a dot field may hold zeros
  REQUIRE(index->commit(1).is_ok());
  CHECK(ids_of(*index) == std::vector<RowId>{1});
}

TEST_CASE("one bad row keeps the whole batch out") {
  const auto index = open_index("", {kFields[0]});
  const RowId ids[] = {1, 2, 3};
  const std::vector<float> rows = {1, 2, 3, 0, 0, 0, 4, 5, 6};
  const std::vector<std::span<const float>> vectors = {rows};
  check_refused(index->append(ids, vectors), "id 2");
  REQUIRE(index->commit(1).is_ok());
  CHECK(ids_of(*index).empty());
  CHECK(index->last_id() == 0);
}

TEST_CASE("accepts answers as append does, row by row") {
  const auto index = open_index("", kFields);
  const std::vector<float> rows = {1, 0, 0, 0, 0, 0, NAN, 1, 1, 0, 1e-40f, 0, 0, 3e38f, 0};
  const auto taken = index->accepts("picture", rows, 5);
  REQUIRE(taken.is_ok());
  CHECK(taken.value() == std::vector<bool>{true, false, false, true, true});
  check_refused(index->accepts("picture", rows, 4).status(), "4 rows are not 15 numbers");
  const size_t overflowing = std::numeric_limits<size_t>::max() / 2 + 1;  // times 2 it is 0
  check_refused(index->accepts("labels", {}, overflowing).status(), "rows are not 0 numbers");
  check_refused(index->accepts("sound", rows, 5).status(),
                "no field 'sound'; the index has 'picture', 'labels'");
}

TEST_CASE("ids ascend above every id that ever was") {
  const auto index = open_index("", kFields);
  check_refused(append(*index, 0, kGood), "id 0 comes after id 0: ids must ascend");
  REQUIRE(append(*index, 5, kGood).is_ok());
  check_refused(append(*index, 5, kGood), "id 5 comes after id 5");
  const RowId five = 5;
  REQUIRE(index->erase({&five, 1}).is_ok());
  REQUIRE(index->commit(1).is_ok());
  check_refused(append(*index, 4, kGood), "id 4 comes after id 5");
  CHECK(index->last_id() == 5);
  REQUIRE(append(*index, std::numeric_limits<RowId>::max(), kGood).is_ok());
}

TEST_CASE("arrays of the wrong shape are refused") {
  const auto index = open_index("", kFields);
  check_refused(append(*index, 1, {kGood[0]}), "each of the 2 fields is needed, not 1");
  check_refused(append(*index, 1, {{1, 2}, kGood[1]}), "1 rows of 3 numbers are needed, not 2");
}

TEST_CASE("a cosine is the same for vectors of any length, the smallest and the largest included") {
  const auto index = open_index("", {kFields[0]});
  for (const float scale : {1e-42f, 1e-30f, 1.0f, 1e30f, 8e37f}) {
    REQUIRE(append(*index, index->last_id() + 1, {{3 * scale, 0, 4 * scale}}).is_ok());
  }
  REQUIRE(index->commit(1).is_ok());
  for (const float scale : {1e-42f, 1.0f, 8e37f}) {
    const Term term{"picture", {3 * scale, 0, 4 * scale}};
    const auto found = index->snapshot()->search(only(term), 5);
    REQUIRE(found.is_ok());
    for (const ScoredRow& row : found.value()) {
      CHECK(row.score == doctest::Approx(1).epsilon(row.id == 1 || scale < 1e-40f ? 2e-3 : 1e-6));
    }
  }
}

TEST_CASE("halves are rounded to nearest, ties to even") {
  const auto index = open_index("", {{"labels", 1, Element::kF16, Metric::kDot}});
  const std::vector<std::pair<float, float>> cases = {{1.0f, 1.0f},
                                                      {1 + 0x1p-11f, 1.0f},
                                                      {1 + 0x1.8p-10f, 1 + 0x1p-9f},
                                                      {0x1p-24f, 0x1p-24f},
                                                      {0x1p-25f, 0.0f},
                                                      {0x1.8p-24f, 0x1p-23f},
                                                      {-0x1p-14f, -0x1p-14f},
                                                      {0x1.ffffp-15f, 0x1p-14f},
                                                      {65504.0f, 65504.0f},
                                                      {-0.3333f, -0.33325195f},
                                                      {2047.5f, 2048.0f}};
  for (const auto& [number, stored] : cases) {
    REQUIRE(append(*index, index->last_id() + 1, {{number}}).is_ok());
  }
  REQUIRE(index->commit(1).is_ok());
  const Term term{"labels", {1}};
  const auto found = index->snapshot()->search(only(term), 100);
  REQUIRE(found.value().size() == cases.size());
  for (const ScoredRow& row : found.value()) {
    CAPTURE(cases[row.id - 1].first);
    CHECK(row.score == cases[row.id - 1].second);
  }
}

TEST_CASE("a search that makes no sense is refused, and says what the index has") {
  const auto index = open_index("", kFields);
  REQUIRE(append(*index, 1, kGood).is_ok());
  REQUIRE(index->commit(1).is_ok());
  const auto search_by = [&](const std::vector<Rank>& ranks, size_t k = 3) {
    return index->snapshot()->search(ranks, k).status();
  };
  const auto search = [&](std::vector<Term> terms, size_t k = 3) {
    return search_by({{std::move(terms)}}, k);
  };
  check_refused(search({{"picture", {1, 0, 0}}}, 0), "k is 0");
  const Term good{"picture", {1, 0, 0}};
  check_refused(search_by({}), "1 to 64 terms over all its ranks, not 0");
  check_refused(search({}), "a rank has no terms");
  check_refused(search(std::vector<Term>(65, good)), "not 65");
  check_refused(search_by(std::vector<Rank>(65, {{good}})), "not 65");
  check_refused(search_by({{{good}, INFINITY}}), "weight and bias are finite");
  check_refused(search_by({{{good}, 1, Squash::kExp, NAN}}), "weight and bias are finite");
  check_refused(search({{"sound", {1}}}), "no field 'sound'");
  check_refused(search({{"picture", {1, 0}}}), "has dim 3, the query 2");
  check_refused(search({{"picture", {0, 0, 0}}}),
                "the query for field 'picture': all numbers are zero");
  check_refused(search({{"picture", {1, NAN, 0}}}), "number 1 is nan");
  check_refused(search({{"labels", {1e20f, 0}}}), "too large");
  check_refused(search({{"picture", {1, 0, 0}, INFINITY}}), "weight");
  check_refused(index->snapshot()->at_least(only(good), NAN).status(), "threshold");
  check_refused(index->snapshot()->at_least({}, 0).status(), "not 0");
}

}  // namespace
}  // namespace nearsight::test
