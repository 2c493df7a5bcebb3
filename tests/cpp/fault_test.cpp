// A disk that fails at any one of the operations of a history.
#include <doctest/doctest.h>

#include <random>

#include "faulty_directory.h"
#include "model.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

const std::vector<Field> kFields = {{"picture", 6, Element::kF32, Metric::kCosine}};
constexpr uint64_t kSteps = 5;

// Adds 10 rows and erases one: what every generation does.
void change(Index& index, Model& model, std::mt19937& random) {
  for (int i = 0; i < 10; ++i) {
    const RowId id = index.last_id() + 1;
    model.rows[id] = random_vectors(kFields, random);
    REQUIRE(append(index, id, model.rows[id]).is_ok());
  }
  const RowId gone = index.last_id() - random() % 15 % index.last_id();
  model.rows.erase(gone);
  REQUIRE(index.erase({&gone, 1}).is_ok());
}

// Runs a history on a disk that fails after `good` operations. False if it never came to fail.
bool survives(uint64_t good, FaultyDirectory::Fails fails) {
  CAPTURE(good);
  std::mt19937 random(40);
  const Scratch scratch;
  auto disk = open_directory(scratch.path());
  const auto faulty = std::make_shared<FaultyDirectory>(disk.value(), good, fails);
  auto opened = Index::open_in(faulty, kTruth, kFields);
  REQUIRE(opened.is_ok());
  Index& index = *opened.value();
  std::vector<Model> models(1, Model(kFields));  // of each generation
  uint64_t sealed = 0;
  for (uint64_t generation = 1; generation <= kSteps; ++generation) {
    models.push_back(models.back());
    change(index, models.back(), random);
    REQUIRE(index.commit(generation).is_ok());
    const size_t files = scratch.names().size();
    const Status status = index.seal();
    if (!status.is_ok() && fails == FaultyDirectory::Fails::kOnce) {
      REQUIRE(scratch.names().size() == files);  // half-written files are taken away
    }
    if (status.is_ok()) sealed = generation;
    if (!status.is_ok()) REQUIRE(status.code() == StatusCode::kIoError);
    check_same(index, models.back(), kFields, random);  // memory is as good as before

    // Another process sees the last good seal, whole; or a newer one whose last step failed late.
    const auto other = open_index(scratch.path(), kFields);
    REQUIRE(other->dropped_because() == "");
    REQUIRE(other->generation() == sealed);
    check_same(*other, models[sealed], kFields, random);
  }
  const bool failed = faulty->failed();
  faulty->repair();
  REQUIRE(index.seal().is_ok());
  const auto other = open_index(scratch.path(), kFields);
  REQUIRE(other->generation() == kSteps);
  check_same(*other, models.back(), kFields, random);
  return failed;
}

TEST_CASE("a disk that fails anywhere loses no row in memory and no sealed row") {
  for (const auto fails : {FaultyDirectory::Fails::kOnce, FaultyDirectory::Fails::kForGood}) {
    uint64_t good = 0;
    while (survives(good, fails)) ++good;
    CHECK(good > 20);  // the history has so many operations that can fail
  }
}

TEST_CASE("a commit that can't spill publishes all the same, and seal says why") {
  std::mt19937 random(41);
  const std::vector<Field> wide = {{"picture", 4096, Element::kF32, Metric::kDot}};
  const size_t rows = Index::kSpillBytes / (4096 * 4) + 1;
  const Scratch scratch;
  auto disk = open_directory(scratch.path());
  const auto faulty = std::make_shared<FaultyDirectory>(disk.value(), 3);
  const auto index = Index::open_in(faulty, kTruth, wide);
  const std::vector<float> vectors = random_vector(4096 * rows, random);
  const std::vector<std::span<const float>> spans = {vectors};
  std::vector<RowId> ids(rows);
  for (size_t i = 0; i < rows; ++i) ids[i] = i + 1;
  REQUIRE(index.value()->append(ids, spans).is_ok());
  REQUIRE(index.value()->commit(1).is_ok());
  CHECK(faulty->failed());
  CHECK(index.value()->snapshot()->size() == rows);
  CHECK(index.value()->seal().code() == StatusCode::kIoError);
  faulty->repair();
  REQUIRE(index.value()->seal().is_ok());
  CHECK(open_index(scratch.path(), wide)->snapshot()->size() == rows);
}

}  // namespace
}  // namespace nearsight::test
