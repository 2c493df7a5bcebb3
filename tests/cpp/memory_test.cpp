// A machine that has no memory left, from the n-th allocation on, in each call of the index.
#include <doctest/doctest.h>

#include <cstdlib>
#include <limits>
#include <new>
#include <random>

#include "model.h"

namespace nearsight::test {
namespace {

constexpr size_t kPlenty = std::numeric_limits<size_t>::max();
thread_local size_t left = kPlenty;  // allocations that will succeed

const std::vector<Field> kFields = {{"picture", 8, Element::kF32, Metric::kCosine}};

// Makes the call with memory for none, one, two... allocations until it succeeds. Failing it says
// so and throws nothing (there is no memory to catch it with), and `check` holds after it.
template <class Call, class Check>
void starve(Call call, Check check) {
  for (size_t allowed = 0;; ++allowed) {
    CAPTURE(allowed);
    left = allowed;
    const Status status = call();
    left = kPlenty;
    check();
    if (status.is_ok()) return;
    REQUIRE(status.code() == StatusCode::kOutOfMemory);
    REQUIRE(allowed < 1000);
  }
}

TEST_CASE("without memory every call says so, throws nothing and leaves the index as it was") {
  std::mt19937 random(60);
  const auto index = open_index("", kFields);
  Model model(kFields);
  const auto same = [&] { check_same(*index, model, kFields, random); };
  const RowId id = 1;
  const Vectors row = random_vectors(kFields, random);
  const std::vector<std::span<const float>> spans(row.begin(), row.end());
  starve([&] { return index->append({&id, 1}, spans); }, same);
  starve([&] { return index->commit(1); }, [] {});
  model.rows[id] = row;
  same();

  const auto snapshot = index->snapshot();
  const std::vector<Rank> ranks = {{{{"picture", row[0]}}}, {{{"picture", row[0]}}}};
  starve([&] { return snapshot->search(ranks, 5).status(); }, same);
  starve([&] { return snapshot->mask_of({&id, 1}).status(); }, same);
  starve([&] { return snapshot->at_least(ranks, 0).status(); }, same);
  starve([&] { return snapshot->all().status(); }, same);
  starve([&] { return snapshot->ids().status(); }, same);
  starve([&] { return index->accepts("picture", row[0], 1).status(); }, same);
  starve([&] { return index->erase({&id, 1}); }, same);
  REQUIRE(index->commit(2).is_ok());
  CHECK(index->snapshot()->size() == 0);
}

}  // namespace
}  // namespace nearsight::test

// Not inlined: GCC 12 takes a free() inside of what it inlined for a mismatch with its own new.
[[gnu::noinline]] void* operator new(size_t size) {
  if (nearsight::test::left == 0) throw std::bad_alloc();
  if (nearsight::test::left != nearsight::test::kPlenty) --nearsight::test::left;
  void* const bytes = std::malloc(size == 0 ? 1 : size);
  return bytes != nullptr ? bytes : throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void* bytes) noexcept { std::free(bytes); }
[[gnu::noinline]] void operator delete(void* bytes, size_t) noexcept { std::free(bytes); }
