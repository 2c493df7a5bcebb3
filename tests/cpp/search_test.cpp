// Searches over many blocks: all storages, masks of all densities, many queries, several threads.
#include <doctest/doctest.h>

#include <random>

#include "model.h"
#include "nearsight/kernels.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

// An index of `rows` random rows in one field, with some erased, and its model.
struct Filled {
  std::vector<Field> fields;
  Model model;
  std::unique_ptr<Index> index;
  std::mt19937 random;

  Filled(size_t rows, uint32_t dim, Element element, Metric metric = Metric::kCosine,
         const std::string& path = "")
      : fields({{"picture", dim, element, metric}}),
        model(fields),
        index(open_index(path, fields)),
        random(dim) {
    std::vector<RowId> ids(rows);
    std::vector<float> numbers;
    for (size_t i = 0; i < rows; ++i) {
      ids[i] = i + 1;
      model.rows[ids[i]] = {random_vector(dim, random)};
      numbers.insert(numbers.end(), model.rows[ids[i]][0].begin(), model.rows[ids[i]][0].end());
    }
    const std::span<const float> vectors[] = {numbers};
    REQUIRE(index->append(ids, vectors).is_ok());
    std::vector<RowId> gone;
    for (RowId id = 1; id <= rows; id += 1 + random() % 40) gone.push_back(id);
    REQUIRE(index->erase(gone).is_ok());
    for (const RowId id : gone) model.rows.erase(id);
    REQUIRE(index->commit(1).is_ok());
  }

  Term term() { return {"picture", random_vector(fields[0].dim, random)}; }

  std::pair<RowMask, std::set<RowId>> mask(size_t percent) {
    std::vector<RowId> ids;
    for (const auto& [id, row] : model.rows) {
      if (random() % 100 < percent) ids.push_back(id);
    }
    return {index->snapshot()->mask_of(ids).value(), std::set<RowId>(ids.begin(), ids.end())};
  }
};

constexpr Element kElements[] = {Element::kF32, Element::kF16, Element::kI8};

void check_equal(const std::vector<ScoredRow>& found, const std::vector<ScoredRow>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].id == expected[i].id);
    REQUIRE(found[i].score == expected[i].score);
  }
}

TEST_CASE("rows of every storage are found within its error, in odd dims, by cosine and by dot") {
  for (const Element element : kElements) {
    for (const uint32_t dim : {1u, 7u, 31u, 33u, 64u, 124u, 4096u}) {
      for (const Metric metric : {Metric::kCosine, Metric::kDot}) {
        CAPTURE(static_cast<int>(element));
        CAPTURE(dim);
        Filled filled(dim > 1000 ? 60 : 700, dim, element, metric);
        const Term term = filled.term();
        const auto found = filled.index->snapshot()->search(only(term), 700);
        REQUIRE(found.is_ok());
        filled.model.check(found.value(), term, 700, 0);
      }
    }
  }
}

TEST_CASE("queries that are zero at their ends, or everywhere, are as good as others") {
  for (const Element element : kElements) {
    for (const uint32_t dim : {7u, 16u, 100u, 1000u}) {
      Filled filled(300, dim, element, Metric::kDot);
      for (const auto& [begin, end] : {std::pair{0u, 1u},
                                       {dim - 1, dim},
                                       {dim / 2, dim / 2 + 3},
                                       {dim / 3, dim},
                                       {0u, dim - 1},
                                       {dim, dim}}) {
        CAPTURE(dim);
        CAPTURE(begin);
        Term term = filled.term();
        for (uint32_t i = 0; i < dim; ++i) {
          if (i < begin || i >= end) term.query[i] = 0;
        }
        const auto snapshot = filled.index->snapshot();
        filled.model.check(snapshot->search(only(term), 300).value(), term, 300, 0);
        const auto [mask, allowed] = filled.mask(20);
        filled.model.check(snapshot->search(only(term), 9, 0, &mask).value(), term, 9, 0, &allowed);
      }
    }
  }
}

TEST_CASE("masks of all densities let through what they hold") {
  for (const Element element : kElements) {
    for (const uint32_t dim : {32u, 520u}) {
      Filled filled(1500, dim, element);
      for (const size_t percent : {0u, 1u, 10u, 45u, 80u, 100u}) {
        CAPTURE(percent);
        const auto [mask, allowed] = filled.mask(percent);
        const Term term = filled.term();
        const auto snapshot = filled.index->snapshot();
        filled.model.check(snapshot->search(only(term), 20, 3, &mask).value(), term, 20, 3,
                           &allowed);
        const auto many = snapshot->search_many("picture", term.query, 1, 20, &mask);
        filled.model.check(many.value()[0], term, 20, 0, &allowed);
        const std::vector<RowId> ids = snapshot->ids(&mask).value();
        CHECK(std::set<RowId>(ids.begin(), ids.end()) == allowed);
      }
    }
  }
}

TEST_CASE("many queries find what each finds alone, however many they are") {
  for (const Element element : kElements) {
    Filled filled(900, 70, element);
    const auto snapshot = filled.index->snapshot();
    for (const size_t count : {1u, 2u, 5u, 6u, 64u, 65u, 130u}) {
      std::vector<float> queries = random_vector(count * 70, filled.random);
      const auto found = snapshot->search_many("picture", queries, count, 10);
      REQUIRE(found.is_ok());
      REQUIRE(found.value().size() == count);
      for (size_t q = 0; q < count; ++q) {
        const auto begin = queries.begin() + static_cast<ptrdiff_t>(q * 70);
        const Term term{"picture", {begin, begin + 70}};
        filled.model.check(found.value()[q], term, 10, 0);
        const auto alone = snapshot->search(only(term), 10);
        for (size_t i = 0; i < 10; ++i) {
          CHECK(std::fabs(alone.value()[i].score - found.value()[q][i].score) <= kScoreTolerance);
        }
      }
    }
  }
}

TEST_CASE("many queries that make no sense are refused") {
  Filled filled(5, 4, Element::kF32);
  const auto snapshot = filled.index->snapshot();
  const auto refused = [&](std::vector<float> queries, size_t count, size_t k = 1,
                           size_t threads = 1) {
    const auto found = snapshot->search_many("picture", queries, count, k, nullptr, threads);
    CHECK(found.status().code() == StatusCode::kInvalidArgument);
    return std::string(found.status().message());
  };
  CHECK(refused({1, 2, 3, 4, 5}, 1).find("has dim 4, the query 5") != std::string::npos);
  CHECK(refused({1, 2, 3, 4, 5}, 2).find("2 queries are not 5 numbers") != std::string::npos);
  CHECK(refused({1, 2, 3, 4, NAN, 0, 0, 0}, 2).find("nan") != std::string::npos);
  CHECK(refused({1, 2, 3, 4, 0, 0, 0, 0}, 2).find("zero") != std::string::npos);
  CHECK(refused({1, 2, 3, 4}, 1, 0).find("k is 0") != std::string::npos);
  CHECK(refused({1, 2, 3, 4}, 1, 1, 0).find("threads is 0") != std::string::npos);
  CHECK(snapshot->search_many("picture", {}, 0, 1).value().empty());
  CHECK(open_index("", filled.fields)->snapshot()->search_many("picture", {}, 0, 1).is_ok());
}

TEST_CASE("any number of threads finds the same") {
  for (const Element element : kElements) {
    Filled filled(20000, 96, element);
    const auto snapshot = filled.index->snapshot();
    const auto [mask, allowed] = filled.mask(50);
    const Term term = filled.term();
    const std::vector<Rank> ranks = {{{term}, 1, Squash::kSigmoid, 0.5},
                                     {{filled.term()}, -1, Squash::kExp}};
    const std::vector<float> queries = random_vector(9 * 96, filled.random);
    const auto one = snapshot->search(ranks, 200, 7, &mask);
    const auto many = snapshot->search_many("picture", queries, 9, 50, &mask);
    const auto scored = snapshot->at_least(ranks, one.value()[50].score);
    for (const size_t threads : {2u, 3u, 16u, 100000u}) {
      check_equal(snapshot->search(ranks, 200, 7, &mask, threads).value(), one.value());
      const auto again = snapshot->search_many("picture", queries, 9, 50, &mask, threads);
      for (size_t q = 0; q < 9; ++q) check_equal(again.value()[q], many.value()[q]);
      const auto same = snapshot->at_least(ranks, one.value()[50].score, threads);
      CHECK(snapshot->ids(&same.value()).value() == snapshot->ids(&scored.value()).value());
    }
    CHECK(snapshot->search(ranks, 1, 0, nullptr, 0).status().message() ==
          "threads is 0: it is at least 1");
  }
}

TEST_CASE("equal rows come by age from every storage, for one query and for many") {
  for (const Element element : kElements) {
    const auto index = open_index("", {{"picture", 33, element, Metric::kCosine}});
    for (RowId id = 1; id <= 1200; ++id) {
      REQUIRE(append(*index, id, {std::vector<float>(33, 1.0f)}).is_ok());
    }
    REQUIRE(index->commit(1).is_ok());
    const std::vector<float> queries(66, 2.0f);
    const Term term{"picture", {queries.begin(), queries.begin() + 33}};
    for (const size_t threads : {1u, 3u}) {
      const auto found = index->snapshot()->search(only(term), 40, 0, nullptr, threads);
      const auto many = index->snapshot()->search_many("picture", queries, 2, 40, nullptr, threads);
      for (size_t i = 0; i < 40; ++i) {
        CHECK(found.value()[i].id == i + 1);
        CHECK(many.value()[0][i].id == i + 1);
        CHECK(many.value()[1][i].id == i + 1);
        CHECK(found.value()[i].score == doctest::Approx(1).epsilon(1e-3));
      }
    }
  }
}

TEST_CASE("i8 rows survive a seal, and what is not finite is refused") {
  const Scratch scratch;
  Filled filled(300, 60, Element::kI8, Metric::kCosine, scratch.path());  // 64 with the scale
  const Term term = filled.term();
  const auto before = filled.index->snapshot()->search(only(term), 300);
  REQUIRE(filled.index->seal().is_ok());
  filled.index = open_index(scratch.path(), filled.fields);
  check_equal(filled.index->snapshot()->search(only(term), 300).value(), before.value());
  CHECK_FALSE(append(*filled.index, 1000, {std::vector<float>(60, 0.0f)}).is_ok());
  CHECK_FALSE(append(*filled.index, 1000, {std::vector<float>(60, INFINITY)}).is_ok());
}

TEST_CASE("the smallest and the largest numbers fit into bytes") {
  const auto index = open_index("", {{"labels", 3, Element::kI8, Metric::kDot}});
  const std::vector<std::vector<float>> rows = {
      {1e-45f, 0, 0}, {0, 0, 0}, {1e15f, -1e15f, 3}, {127, 1, -64}, {1e-38f, 1e-40f, 0}};
  for (const auto& row : rows) REQUIRE(append(*index, index->last_id() + 1, {row}).is_ok());
  REQUIRE(index->commit(1).is_ok());
  const Term term{"labels", {1, 0, 0}};
  const auto found = index->snapshot()->search(only(term), 5);
  for (const ScoredRow& row : found.value()) {
    const float expected = rows[row.id - 1][0];
    CHECK(std::fabs(row.score - expected) <= 1e-4 * expected + 1e-43);
  }
}

}  // namespace
}  // namespace nearsight::test
