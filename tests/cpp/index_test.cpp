// Append, erase, commit, search: held to a slow model over random histories.
#include "nearsight/index.h"

#include <doctest/doctest.h>

#include <random>

#include "model.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

const std::vector<Field> kFields = {{"picture", 19, Element::kF32, Metric::kCosine},
                                    {"labels", 33, Element::kF16, Metric::kDot},
                                    {"bytes", 31, Element::kI8, Metric::kCosine}};

TEST_CASE("nothing is seen before commit, and a snapshot never changes") {
  std::mt19937 random(10);
  const auto index = open_index("", kFields);
  const auto before = index->snapshot();
  REQUIRE(append(*index, 1, random_vectors(kFields, random)).is_ok());
  CHECK(index->snapshot()->size() == 0);
  REQUIRE(index->commit(7).is_ok());
  const auto after = index->snapshot();
  CHECK(after->size() == 1);
  CHECK(after->generation() == 7);
  const RowId one = 1;
  REQUIRE(index->erase({&one, 1}).is_ok());
  CHECK(index->snapshot()->size() == 1);
  REQUIRE(index->commit(8).is_ok());
  CHECK(index->snapshot()->size() == 0);
  CHECK(before->size() == 0);
  CHECK(after->size() == 1);
  CHECK(after->ids().value() == std::vector<RowId>{1});
}

TEST_CASE("a generation never falls") {
  const auto index = open_index("", kFields);
  REQUIRE(index->commit(5).is_ok());
  CHECK(index->commit(4).code() == StatusCode::kInvalidArgument);
  REQUIRE(index->commit(5).is_ok());
  CHECK(index->generation() == 5);
}

TEST_CASE("erasing what is unknown, or twice, is harmless") {
  std::mt19937 random(11);
  const auto index = open_index("", kFields);
  for (RowId id = 1; id <= 3; ++id) {
    REQUIRE(append(*index, id, random_vectors(kFields, random)).is_ok());
  }
  const std::vector<RowId> gone = {2, 99, 2, 0, 4};
  REQUIRE(index->erase(gone).is_ok());
  REQUIRE(index->erase(gone).is_ok());
  REQUIRE(append(*index, 4, random_vectors(kFields, random)).is_ok());  // erased before it came
  REQUIRE(index->commit(1).is_ok());
  CHECK(ids_of(*index) == std::vector<RowId>{1, 3, 4});
}

TEST_CASE("masks restrict, combine, and belong to one snapshot") {
  std::mt19937 random(12);
  Model model(kFields);
  const auto index = open_index("", kFields);
  for (RowId id = 1; id <= 200; ++id) {
    model.rows[id] = random_vectors(kFields, random);
    REQUIRE(append(*index, id, model.rows[id]).is_ok());
  }
  REQUIRE(index->commit(1).is_ok());
  const auto snapshot = index->snapshot();
  const std::vector<RowId> some = {150, 3, 3, 77, 1000, 64, 65};
  const auto mask = snapshot->mask_of(some);
  REQUIRE(mask.is_ok());
  CHECK(snapshot->ids(&mask.value()).value() == std::vector<RowId>{3, 64, 65, 77, 150});
  const Term term{"picture", random_vector(19, random)};
  const std::set<RowId> allowed = {3, 64, 65, 77, 150};
  for (const size_t offset : {0u, 1u, 4u, 5u, 6u}) {
    const auto found = snapshot->search(only(term), 3, offset, &mask.value());
    model.check(found.value(), term, 3, offset, &allowed);
  }
  CHECK(snapshot->all().value().count() == 200);

  REQUIRE(index->commit(2).is_ok());
  const auto refused = index->snapshot()->search(only(term), 3, 0, &mask.value());
  CHECK(refused.status().code() == StatusCode::kInvalidArgument);
  CHECK(refused.status().message().find("another snapshot") != std::string_view::npos);
  CHECK_FALSE(index->snapshot()->ids(&mask.value()).is_ok());
}

TEST_CASE("a mask that allows erased rows doesn't bring them back") {
  std::mt19937 random(14);
  Model model(kFields);
  const auto index = open_index("", kFields);
  for (RowId id = 1; id <= 5; ++id) {
    model.rows[id] = random_vectors(kFields, random);
    REQUIRE(append(*index, id, model.rows[id]).is_ok());
  }
  const RowId gone = 3;
  model.rows.erase(gone);
  REQUIRE(index->erase({&gone, 1}).is_ok());
  REQUIRE(index->commit(1).is_ok());
  RowMask everywhere = index->snapshot()->mask_of({}).value();
  everywhere.flip();
  REQUIRE(everywhere.count() == 5);
  CHECK(index->snapshot()->mask_of(std::vector<RowId>{2, 3, 4}).value().count() == 2);
  const Term term{"picture", random_vector(19, random)};
  const auto found = index->snapshot()->search(only(term), 5, 0, &everywhere);
  model.check(found.value(), term, 5, 0);
  CHECK(index->snapshot()->ids(&everywhere).value() == std::vector<RowId>{1, 2, 4, 5});
}

TEST_CASE("at_least finds exactly the rows that score so much") {
  std::mt19937 random(13);
  const auto index = open_index("", {kFields[0]});
  for (RowId id = 1; id <= 700; ++id) {
    REQUIRE(append(*index, id, {random_vector(19, random)}).is_ok());
  }
  const RowId gone = 5;
  REQUIRE(index->erase({&gone, 1}).is_ok());
  REQUIRE(index->commit(1).is_ok());
  const Term term{"picture", random_vector(19, random)};
  const auto scored = index->snapshot()->search(only(term), 700);
  REQUIRE(scored.value().size() == 699);
  for (const size_t count : {0u, 1u, 100u, 699u}) {
    const double threshold = count == 0 ? 2.0 : scored.value()[count - 1].score;
    const auto mask = index->snapshot()->at_least(only(term), threshold);
    CHECK(mask.value().count() == count);
    for (size_t i = 0; i < count; ++i) {
      const auto one = index->snapshot()->mask_of(std::span(&scored.value()[i].id, 1));
      CHECK((RowMask(one.value()) &= mask.value()).count() == 1);
    }
  }
}

TEST_CASE("at_least lets through what a search by the same ranks scores as high") {
  std::mt19937 random(15);
  const auto index = open_index("", kFields);
  for (RowId id = 1; id <= 300; ++id) {
    REQUIRE(append(*index, id, random_vectors(kFields, random)).is_ok());
  }
  REQUIRE(index->commit(1).is_ok());
  const Term picture{"picture", random_vector(19, random), 3};
  const Term labels{"labels", random_vector(33, random), 0.2f};
  const Rank head{{picture, labels}, 1, Squash::kSigmoid, -0.5};
  const Rank cosine{{picture}, -0.5, Squash::kLinear, 1};
  for (const std::vector<Rank>& ranks : {std::vector{head}, {cosine}, {head, cosine}}) {
    const auto scored = index->snapshot()->search(ranks, 300);
    for (const size_t count : {1u, 150u, 300u}) {
      const double threshold = scored.value()[count - 1].score;
      const auto mask = index->snapshot()->at_least(ranks, threshold);
      std::set<RowId> expected;
      for (const ScoredRow& row : scored.value()) {
        if (row.score >= threshold) expected.insert(row.id);
      }
      const std::vector<RowId> ids = index->snapshot()->ids(&mask.value()).value();
      CHECK(std::set<RowId>(ids.begin(), ids.end()) == expected);
    }
  }
}

TEST_CASE("equal rows come in the order of their ids, across pages of results") {
  const auto index = open_index("", {kFields[0]});
  for (RowId id = 1; id <= 300; ++id) {
    REQUIRE(append(*index, id, {std::vector<float>(19, 1.0f)}).is_ok());
  }
  REQUIRE(index->commit(1).is_ok());
  const Term term{"picture", std::vector<float>(19, 2.0f)};
  RowId expected = 1;
  for (size_t offset = 0; offset < 300; offset += 7) {
    const auto page = index->snapshot()->search(only(term), 7, offset);
    for (const ScoredRow& row : page.value()) CHECK(row.id == expected++);
  }
  CHECK(expected == 301);
  const auto all = index->snapshot()->search(only(term), SIZE_MAX, 298);
  CHECK(all.value().size() == 2);
}

// One history: what it does to the index it does to the model, and after each commit they agree.
class History {
 public:
  History(std::string directory, uint32_t seed)
      : directory_(std::move(directory)), random_(seed), index_(open_index(directory_, kFields)) {}

  void step() {
    const uint64_t dice = random_() % 100;
    if (dice < 45) return add(1 + random_() % 90);
    if (dice < 65) return erase(random_() % 60);
    if (dice < 85) return commit();
    if (dice < 93) return seal();
    reopen();
  }

 private:
  void add(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      const RowId id = index_->last_id() + 1 + random_() % 3;
      working_.rows[id] = random_vectors(kFields, random_);
      REQUIRE(append(*index_, id, working_.rows[id]).is_ok());
    }
  }

  void erase(size_t count) {
    std::vector<RowId> ids;
    for (size_t i = 0; i < count; ++i) ids.push_back(1 + random_() % (index_->last_id() + 2));
    for (const RowId id : ids) working_.rows.erase(id);
    REQUIRE(index_->erase(ids).is_ok());
  }

  void commit() {
    REQUIRE(index_->commit(++generation_).is_ok());
    committed_ = working_;
    check();
  }

  void seal() {
    commit();
    const Status status = index_->seal();
    REQUIRE_MESSAGE(status.is_ok(), status.message());
    sealed_ = committed_;
    sealed_generation_ = generation_;
    check();
  }

  // What was not sealed is lost, and the generation says from where on it has to be replayed.
  void reopen() {
    if (directory_.empty()) return;
    index_.reset();
    index_ = open_index(directory_, kFields);
    REQUIRE(index_->dropped_because() == "");
    REQUIRE(index_->generation() == sealed_generation_);
    generation_ = sealed_generation_;
    committed_ = working_ = sealed_;
    check();
  }

  void check() {
    check_same(*index_, committed_, kFields, random_);
    const size_t k = 1 + random_() % 50, offset = random_() % 20;
    const Term term{"picture", random_vector(19, random_)};
    std::set<RowId> allowed;
    std::vector<RowId> ids;
    for (const auto& [id, row] : committed_.rows) {
      if (random_() % 3 != 0) continue;
      allowed.insert(id);
      ids.push_back(id);
    }
    const auto mask = index_->snapshot()->mask_of(ids);
    REQUIRE(mask.is_ok());
    const auto found = index_->snapshot()->search(only(term), k, offset, &mask.value());
    REQUIRE(found.is_ok());
    committed_.check(found.value(), term, k, offset, &allowed);
  }

  std::string directory_;
  std::mt19937 random_;
  std::unique_ptr<Index> index_;
  uint64_t generation_ = 0, sealed_generation_ = 0;
  Model working_{kFields}, committed_{kFields}, sealed_{kFields};
};

TEST_CASE("random histories end as the model's, in memory and on disk") {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    const Scratch scratch;
    History history(seed % 3 == 0 ? "" : scratch.path(), seed);
    for (int i = 0; i < 60; ++i) history.step();
  }
}

}  // namespace
}  // namespace nearsight::test
