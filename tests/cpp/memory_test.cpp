// A machine that has no memory left, from the n-th allocation on, in each call of the index.
#include <doctest/doctest.h>

#include <cstdlib>
#include <limits>
#include <new>
#include <random>

#include "columns_model.h"
#include "model.h"
#include "nearsight/vectors.h"

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

TEST_CASE("without memory columns say so and answer as before") {
  std::mt19937 random(61);
  const auto columns = open_columns("");
  ColumnsModel model;
  for (DocId doc = 1; doc <= 20; ++doc) model[doc] = random_known(random);
  REQUIRE(put(*columns, model).is_ok());
  REQUIRE(columns->commit(1).is_ok());
  const auto same = [&] { check_same(*columns, model, random); };

  Documents batch;
  const Known known = random_known(random);
  batch.begin(30, known.owner, known.row);
  for (const auto& [path, value] : known.facts) REQUIRE(batch.say(path, value).is_ok());
  starve([&] { return columns->put(batch); }, same);
  starve([&] { return columns->commit(2); }, [] {});
  model[30] = known;
  same();

  const ColumnsSnapshot now = columns->snapshot();
  const DocSet all = now.all().value();
  const DocId doc = 30;
  starve([&] { return now.all().status(); }, same);
  starve([&] { return now.equal("size", whole_value(int64_t{3})).status(); }, same);
  starve([&] { return now.exists("day", true).status(); }, same);
  starve([&] { return now.within("place", {9, 9}, 5000).status(); }, same);
  starve([&] { return now.family(all).status(); }, same);
  starve([&] { return now.invert(all).status(); }, same);
  starve([&] { return now.docs(all).status(); }, same);
  starve([&] { return now.rows(all).status(); }, same);
  starve([&] { return now.owners(all).status(); }, same);
  starve([&] { return now.of_docs({&doc, 1}).status(); }, same);
  starve([&] { return columns->erase({&doc, 1}); }, same);
  REQUIRE(columns->commit(3).is_ok());
  CHECK(columns->snapshot().size() == 20);
}

TEST_CASE("without memory whoever reads vectors and codes is told so, and answered afterwards") {
  constexpr size_t kCount = 400;
  constexpr uint32_t kDim = 16;
  std::mt19937 random(62);
  const auto made = nearsight::Vectors::create("", kDim, Element::kF32);
  REQUIRE(made.is_ok());
  nearsight::Vectors& vectors = *made.value();
  const std::vector<float> rows = random_vector(kCount * kDim, random);
  std::vector<Key> keys(kCount);
  for (size_t i = 0; i < kCount; ++i) keys[i] = i + 1;
  REQUIRE(vectors.add(keys, rows).is_ok());
  REQUIRE(vectors.start_optimizing(1, false).is_ok());
  while (!vectors.wait(1)) continue;
  REQUIRE(vectors.outcome().is_ok());
  REQUIRE(vectors.coded() == kCount);

  VectorQuestion question;
  question.queries = std::span(rows).first(kDim);
  const auto finds = [&](Key key) {
    const auto answer = vectors.search(question);
    REQUIRE(answer.is_ok());
    REQUIRE(answer.value().keys[0] == key);
  };
  const auto same = [&] {
    REQUIRE(vectors.size() == kCount);
    finds(1);
  };
  starve([&] { return vectors.search(question).status(); }, same);
  starve([&] { return vectors.read({keys.data(), 9}).status(); }, same);
  starve([&] { return vectors.has({keys.data(), 9}).status(); }, same);
  starve([&] { return vectors.keys().status(); }, same);
  starve([&] { return vectors.choose(std::span<const Key>(keys)).status(); }, same);
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
