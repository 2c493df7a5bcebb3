// Readers search while one writer adds, erases, commits and seals.
#include <doctest/doctest.h>

#include <atomic>
#include <random>
#include <thread>

#include "model.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

const std::vector<Field> kFields = {{"picture", 8, Element::kF32, Metric::kCosine}};
constexpr RowId kRows = 4000;

// Row `id` is erased as soon as row id + 500 is there, so a whole state holds one unbroken run.
bool is_whole(const Snapshot& snapshot, const Term& term) {
  const auto ids = snapshot.ids();
  const auto found = snapshot.search(only(term), SIZE_MAX);
  const auto again = snapshot.search(only(term), SIZE_MAX);
  if (!ids.is_ok() || !found.is_ok() || !again.is_ok()) return false;
  const std::vector<RowId>& all = ids.value();
  bool good = all.size() == snapshot.size() && found.value().size() == all.size();
  for (size_t i = 0; good && i < all.size(); ++i) {
    good = all[i] == all[0] + i && found.value()[i].id == again.value()[i].id;
  }
  return good && (all.empty() || all.back() == snapshot.generation());
}

TEST_CASE("readers see whole states while rows come and go") {
  const Scratch scratch;
  const auto index = open_index(scratch.path(), kFields);
  std::atomic<bool> is_done = false;
  std::atomic<size_t> seen = 0, broken = 0;
  std::mt19937 random(50);
  const Term term{"picture", random_vector(8, random)};
  const auto read = [&] {
    while (!is_done) {
      broken += !is_whole(*index->snapshot(), term);
      ++seen;
    }
  };
  std::thread first(read), second(read);
  for (RowId id = 1; id <= kRows; ++id) {
    bool good = append(*index, id, {random_vector(8, random)}).is_ok();
    const RowId gone = id > 500 ? id - 500 : 0;
    good = good && index->erase({&gone, 1}).is_ok();
    if (random() % 3 == 0 || id == kRows) good = good && index->commit(id).is_ok();
    if (random() % 200 == 0) good = good && index->commit(id).is_ok() && index->seal().is_ok();
    if (!good) ++broken;
  }
  is_done = true;
  first.join();
  second.join();
  CHECK(broken == 0);
  CHECK(seen > 0);
  CHECK(index->snapshot()->size() == 500);
}

TEST_CASE("writers that forget their lock wait for each other") {
  const auto index = open_index("", kFields);
  std::atomic<size_t> added = 0;
  const auto write = [&](uint32_t seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 500; ++i) {
      added +=
          append(*index, index->last_id() + 1 + random() % 4, {random_vector(8, random)}).is_ok();
      (void)index->commit(1);
    }
  };
  std::thread first(write, 1), second(write, 2);
  first.join();
  second.join();
  REQUIRE(index->commit(2).is_ok());
  CHECK(index->snapshot()->size() == added);
}

}  // namespace
}  // namespace nearsight::test
