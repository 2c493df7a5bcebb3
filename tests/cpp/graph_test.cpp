// The graph index: against brute force, with masks, among duplicates, damaged and hostile.
#include "nearsight/graph.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <thread>

#include "faulty_directory.h"
#include "nearsight/kernels.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

const TruthId kOwner = {7};

// Unit rows around a few centres, with ids that have gaps; so many of the first are all the same.
class Rows final : public RowSource {
 public:
  Rows(size_t count, size_t dim, size_t centres, unsigned seed, size_t same = 0)
      : count_(count), dim_(dim), numbers_(count * dim) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> middle(centres * dim);
    for (float& number : middle) number = normal(random);
    for (size_t row = 0; row < count; ++row) {
      float squares = 0;
      for (size_t i = 0; i < dim; ++i) {
        float& number = numbers_[row * dim + i];
        number = middle[row % centres * dim + i] + 0.6f * normal(random);
        squares += number * number;
      }
      for (size_t i = 0; i < dim; ++i) numbers_[row * dim + i] /= std::sqrt(squares);
      if (row > 0 && row < same) std::copy_n(numbers_.data(), dim, numbers_.data() + row * dim);
    }
  }

  size_t size() const override { return count_; }
  Status read(size_t begin, size_t count, RowId* ids, float* rows) const override {
    for (size_t i = 0; i < count; ++i) ids[i] = id(begin + i);
    std::memcpy(rows, row(begin), count * dim_ * sizeof(float));
    return Status::ok();
  }

  static RowId id(size_t row) { return 100 + 3 * row; }
  static size_t row_of(RowId id) { return (id - 100) / 3; }
  const float* row(size_t row) const { return numbers_.data() + row * dim_; }
  float score(const float* query, size_t i) const {
    return std::inner_product(query, query + dim_, row(i), 0.0f);
  }
  // The score that the k-th best has.
  float edge(const float* query, size_t k, const std::function<bool(size_t)>& counts) const {
    std::vector<float> all;
    for (size_t i = 0; i < count_; ++i)
      if (counts(i)) all.push_back(score(query, i));
    std::sort(all.begin(), all.end(), std::greater<>());
    return all.empty() ? 2 : all[std::min(k, all.size()) - 1];
  }

 private:
  size_t count_, dim_;
  std::vector<float> numbers_;
};

std::shared_ptr<const Graph> built(const RowSource& rows, uint32_t dim, Directory* directory,
                                   size_t threads = 1) {
  Progress progress;
  auto graph = Graph::build(rows, {dim, kOwner, "graph", directory, threads}, progress);
  REQUIRE_MESSAGE(graph.is_ok(), graph.status().message());
  CHECK(progress.done() == 1);
  return graph.value();
}

RowMask by_place(const Graph& graph, const Rows& rows, const std::function<bool(size_t)>& counts) {
  RowMask allowed(graph.last_row() - graph.first_row() + 1);
  for (size_t i = 0; i < rows.size(); ++i)
    if (counts(i)) allowed.set(Rows::id(i) - graph.first_row());
  return graph.allow(allowed).value();
}

// The share of the best ten that are found of queries between two rows each.
double recall(const Graph& graph, const Rows& rows, size_t dim, float wanted,
              const std::function<bool(size_t)>& counts, size_t matches) {
  const RowMask allowed = by_place(graph, rows, counts);
  CHECK(allowed.count() == matches);
  size_t found = 0, asked = 0;
  for (size_t i = 0; i + 5 < rows.size(); i += rows.size() / 40 + 1) {
    std::vector<float> query(rows.row(i), rows.row(i) + dim);
    for (size_t j = 0; j < dim; ++j) query[j] = (query[j] + 0.5f * rows.row(i + 5)[j]) / 1.3f;
    const float edge = rows.edge(query.data(), 10, counts);
    const auto answer = graph.search(
        {query.data(), 10, wanted, matches == rows.size() ? nullptr : &allowed, nullptr});
    REQUIRE_MESSAGE(answer.is_ok(), answer.status().message());
    const size_t least = std::min<size_t>(10, matches);
    REQUIRE(answer.value().rows.size() >= least);
    std::set<RowId> ids;
    for (size_t j = 0; j < answer.value().rows.size(); ++j) {
      const ScoredRow& row = answer.value().rows[j];
      REQUIRE(counts(Rows::row_of(row.id)));
      REQUIRE(ids.insert(row.id).second);
      if (j > 0) REQUIRE_FALSE(ranks_before(row, answer.value().rows[j - 1]));
      const float score = rows.score(query.data(), Rows::row_of(row.id));
      REQUIRE(std::fabs(score - row.score) <= 1e-3f);
      found +=
          j < least + 5 && score >= edge ? 1 : 0;  // those that rounding may have misplaced too
    }
    asked += least;
  }
  return static_cast<double>(found) / static_cast<double>(std::max<size_t>(1, asked));
}

bool any(size_t) { return true; }

TEST_CASE(
    "a graph finds what brute force finds, by one thread or by several, in memory or mapped") {
  for (const uint32_t dim : {8u, 33u}) {
    CAPTURE(dim);
    const Rows rows(3000, dim, 30, dim);
    Scratch scratch;
    const auto directory = open_directory(scratch.path()).value();
    const auto memory = built(rows, dim, nullptr);
    built(rows, dim, directory.get(), 3);
    const auto reopened = Graph::open(*directory, "graph", kOwner, dim);
    REQUIRE_MESSAGE(reopened.is_ok(), reopened.status().message());
    CHECK(reopened.value()->verify().is_ok());
    for (const auto& graph : {memory, reopened.value()}) {
      CHECK(graph->size() == 3000);
      CHECK(graph->first_row() == Rows::id(0));
      CHECK(graph->last_row() == Rows::id(2999));
      CHECK(recall(*graph, rows, dim, 0.9f, any, 3000) >= 0.9);
      CHECK(recall(*graph, rows, dim, 0.99f, any, 3000) >= 0.985);
    }
    const GraphQuestion question{rows.row(5)};
    CHECK(memory->search(question).value().scored < 2000);  // that it walks, not looks at all
  }
}

TEST_CASE("one thread links the same rows every time") {
  const Rows rows(2000, 12, 20, 3);
  Scratch scratch;
  const auto directory = open_directory(scratch.path()).value();
  built(rows, 12, directory.get());
  const std::string first = read_file(scratch.file("graph"));
  REQUIRE(directory->remove("graph").is_ok());
  built(rows, 12, directory.get());
  CHECK(read_file(scratch.file("graph")) == first);
}

TEST_CASE("a recall that no breadth is known to reach has every row looked at") {
  const Rows rows(3000, 16, 30, 4);
  const auto graph = built(rows, 16, nullptr);
  const auto answer = graph->search({rows.row(7), 10, std::nextafter(1.0f, 0.0f)});
  REQUIRE(answer.is_ok());
  CHECK(answer.value().recall == 1);
  CHECK(answer.value().scored >= 3000);
}

TEST_CASE("a mask lets through what it holds, however much that is") {
  const Rows rows(4000, 24, 40, 6);
  const auto graph = built(rows, 24, nullptr);
  for (const size_t step : std::vector<size_t>{2, 3, 10, 300, 4000}) {
    CAPTURE(step);
    const auto counts = [step](size_t row) { return row % step == 0; };
    CHECK(recall(*graph, rows, 24, 0.99f, counts, (4000 + step - 1) / step) >= 0.98);
  }
  CHECK(recall(*graph, rows, 24, 0.99f, [](size_t) { return false; }, 0) == 0);
  const auto one_centre = [](size_t row) { return row % 40 == 3; };  // most queries are elsewhere
  CHECK(recall(*graph, rows, 24, 0.99f, one_centre, 100) >= 0.98);
}

TEST_CASE("erased rows are not found, and everything else is") {
  const Rows rows(3000, 16, 5, 7);
  const auto graph = built(rows, 16, nullptr);
  RowMask erased(Rows::id(2999) - Rows::id(0) + 1);
  for (size_t i = 0; i < 3000; i += 2) erased.set(Rows::id(i) - Rows::id(0));
  for (const size_t k : std::vector<size_t>{1, 10, 3000}) {
    const auto answer = graph->search({rows.row(0), k, 0.99f, nullptr, &erased});
    REQUIRE(answer.is_ok());
    CHECK(answer.value().rows.size() >= std::min<size_t>(k, 1500));
    CHECK(answer.value().rows.size() <= 1500);
    for (const ScoredRow& row : answer.value().rows) CHECK(Rows::row_of(row.id) % 2 == 1);
  }
}

TEST_CASE("rows that are all the same hide nobody, and nobody hides them") {
  const Rows rows(3000, 16, 300, 8, 2000);
  const auto graph = built(rows, 16, nullptr, 2);
  CHECK(recall(*graph, rows, 16, 0.99f, any, 3000) >= 0.985);
  for (const size_t row : std::vector<size_t>{0, 1999, 2000, 2999}) {
    const auto answer = graph->search({rows.row(row), 1});
    REQUIRE(answer.is_ok());
    CHECK(answer.value().rows[0].score >= 0.999);
  }
  const Rows same(500, 4, 1, 9, 500), one(1, 3, 1, 9), two(2, 1, 2, 9);
  CHECK(built(same, 4, nullptr)->search({same.row(0), 20}).value().rows.size() >= 20);
  CHECK(built(one, 3, nullptr)->search({one.row(0), 5}).value().rows.size() == 1);
  CHECK(built(two, 1, nullptr)->search({two.row(0), 5}).value().rows.size() == 2);
}

TEST_CASE("several threads search at once and find the same") {
  const Rows rows(2000, 16, 20, 10);
  Scratch scratch;
  const auto directory = open_directory(scratch.path()).value();
  built(rows, 16, directory.get(), 4);
  const auto graph = Graph::open(*directory, "graph", kOwner, 16).value();
  std::vector<std::vector<RowId>> found(4);
  std::vector<std::thread> threads;
  for (auto& own : found) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < 2000; i += 40)
        own.push_back(graph->search({rows.row(i), 3}).value().rows[0].id);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& own : found) CHECK(own == found[0]);
}

TEST_CASE("a build that is cancelled or cannot be written leaves no file") {
  const Rows rows(500, 16, 5, 11);
  Scratch scratch;
  const auto disk = open_directory(scratch.path()).value();
  Progress progress;
  progress.cancel();
  CHECK_FALSE(Graph::build(rows, {16, kOwner, "graph", disk.get()}, progress).is_ok());
  FaultyDirectory faulty(disk, 0);
  Progress other;
  CHECK(Graph::build(rows, {16, kOwner, "graph", &faulty}, other).status().code() ==
        StatusCode::kIoError);
  CHECK(scratch.names().empty());
  const Rows none(0, 4, 1, 9);
  CHECK(Graph::build(none, {4, kOwner, "g"}, other).status().code() ==
        StatusCode::kInvalidArgument);
  for (const uint32_t dim : {0u, Graph::kMaxDim + 1})
    CHECK(Graph::build(rows, {dim, kOwner, "g"}, other).status().code() ==
          StatusCode::kInvalidArgument);
}

// A graph file that a test changes.
class Changed {
 public:
  Changed() : rows_(1500, 20, 15, 10), directory_(open_directory(scratch_.path()).value()) {
    const auto good = built(rows_, 20, directory_.get());
    bytes = read_file(scratch_.file("graph"));
    expected_ = answer(*good).value().rows;
  }

  size_t refused() const { return refused_; }

  // Damage is an error, or the answer is what it was.
  void ask(const std::string& changed) {
    write_file(scratch_.file("graph"), changed);
    const auto graph = Graph::open(*directory_, "graph", kOwner, 20);
    if (!graph.is_ok()) return ++refused_, void();
    CHECK_FALSE(graph.value()->verify().is_ok());
    const auto found = answer(*graph.value());
    if (!found.is_ok()) return ++refused_, void();
    REQUIRE(found.value().rows.size() == expected_.size());
    for (size_t i = 0; i < expected_.size(); ++i)
      CHECK(found.value().rows[i].id == expected_[i].id);
  }

  // With checksums that are right nothing is known to be damaged: anything may come, but no crash.
  StatusCode survive(std::string changed) {
    reseal(changed);
    write_file(scratch_.file("graph"), changed);
    const auto graph = Graph::open(*directory_, "graph", kOwner, 20);
    if (!graph.is_ok()) return graph.status().code();
    const RowMask half = graph.value()->allow(RowMask(4500, true)).value();
    (void)graph.value()->search({rows_.row(1), 5, 0.9f, &half, nullptr});
    const auto found = answer(*graph.value());
    const auto all = graph.value()->search({rows_.row(1), 1500});
    return found.is_ok() ? all.status().code() : found.status().code();
  }

  bool opens(const TruthId& owner, uint32_t dim) {
    write_file(scratch_.file("graph"), bytes);
    return Graph::open(*directory_, "graph", owner, dim).is_ok();
  }

  template <class T>
  static T get(const std::string& from, size_t at) {
    T value;
    std::memcpy(&value, from.data() + at, sizeof value);
    return value;
  }
  template <class T>
  static std::string with(std::string changed, size_t at, T value) {
    std::memcpy(changed.data() + at, &value, sizeof value);
    return changed;
  }

  std::string bytes;

 private:
  Result<GraphAnswer> answer(const Graph& graph) const {
    return graph.search({rows_.row(17), 10, 0.5f});
  }

  // cpp/FORMAT.md: the table of CRCs at the end, its CRC at 72, the page's at 4092.
  static void reseal(std::string& changed) {
    const auto crc32c = chosen_kernels().value()->crc32c;
    size_t blocks = 1;
    while ((changed.size() - 4 * blocks - 4096 + 65535) / 65536 > blocks) ++blocks;
    const size_t table = changed.size() - 4 * blocks;
    for (size_t i = 0; i < blocks; ++i) {
      const size_t at = 4096 + i * 65536;
      const uint32_t crc = crc32c(0, changed.data() + at, std::min<size_t>(65536, table - at));
      std::memcpy(changed.data() + table + 4 * i, &crc, 4);
    }
    const uint32_t table_crc = crc32c(0, changed.data() + table, 4 * blocks);
    std::memcpy(changed.data() + 72, &table_crc, 4);
    const uint32_t page_crc = crc32c(0, changed.data(), 4092);
    std::memcpy(changed.data() + 4092, &page_crc, 4);
  }

  Rows rows_;
  Scratch scratch_;
  std::shared_ptr<Directory> directory_;
  std::vector<ScoredRow> expected_;
  size_t refused_ = 0;
};

TEST_CASE("a damaged graph is found out, or answers as before; never a crash") {
  Changed file;
  std::mt19937 random(11);
  for (size_t i = 0; i < 400; ++i) {
    std::string changed = file.bytes;
    size_t at = i < 130 ? i : random() % changed.size();
    if (at > 700 && at < 4092) at = 4092;  // zeros that the header's CRC covers, as in any page
    changed[at] = static_cast<char>(changed[at] ^ 1 << random() % 8);
    file.ask(changed);
  }
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4095}, size_t{4096}, size_t{9999}})
    file.ask(file.bytes.substr(0, size));
  file.ask(file.bytes.substr(0, file.bytes.size() - 1));
  file.ask(file.bytes + '\0');
  CHECK(file.refused() >= 380);
  CHECK(file.opens(kOwner, 20));
  CHECK_FALSE(file.opens({8}, 20));
  CHECK_FALSE(file.opens(kOwner, 21));
}

TEST_CASE("a hostile graph, whose checksums are right, is refused or answers; never a crash") {
  Changed file;
  const std::string& good = file.bytes;
  REQUIRE(file.survive(good) == StatusCode::kOk);
  const size_t stride = 256,
               links = 64;  // of an element of 20 numbers: 64 bytes, 33 links, padding
  const auto entry = Changed::get<uint32_t>(good, 64);
  const size_t list = 4096 + 17 * stride + links;  // of the row that is asked for
  REQUIRE(Changed::get<uint32_t>(good, list) <= 32);
  REQUIRE(Changed::get<uint32_t>(good, list) > 0);
  CHECK(file.survive(Changed::with<uint32_t>(good, list, 33)) == StatusCode::kCorruption);
  CHECK(file.survive(Changed::with<uint32_t>(good, list, UINT32_MAX)) == StatusCode::kCorruption);
  CHECK(file.survive(Changed::with<uint32_t>(good, list + 4, 1500)) == StatusCode::kCorruption);
  CHECK(file.survive(Changed::with<uint32_t>(good, list + 4, UINT32_MAX)) ==
        StatusCode::kCorruption);
  CHECK(file.survive(Changed::with<uint16_t>(good, 4096 + entry * stride, 0x7e00)) ==
        StatusCode::kCorruption);  // NaN
  CHECK(file.survive(Changed::with<uint16_t>(good, 4096 + entry * stride, 0x7c00)) ==
        StatusCode::kCorruption);  // infinity
  CHECK(file.survive(Changed::with<uint32_t>(good, 64, 1500)) == StatusCode::kCorruption);
  CHECK(file.survive(Changed::with<uint32_t>(good, 68, 17)) == StatusCode::kCorruption);
  CHECK(file.survive(Changed::with<uint32_t>(good, 68, 16)) == StatusCode::kCorruption);
  for (const size_t field : std::vector<size_t>{32, 40, 48, 56})
    for (const uint64_t value : {uint64_t{0}, uint64_t{1} << 33, UINT64_MAX})
      (void)file.survive(Changed::with<uint64_t>(good, field, value));
  std::mt19937 random(12);
  for (size_t i = 0; i < 400; ++i) {  // links, levels, ids and calibration of anything
    std::string changed = good;
    for (size_t j = 0; j < 20; ++j) {
      const size_t at =
          random() % 3 == 0 ? 76 + random() % 600 : 4096 + random() % (changed.size() - 4200);
      const uint32_t values[] = {0, 1, 33, 1499, 1500, UINT32_MAX, 0x7fc00000, uint32_t(random())};
      changed = Changed::with<uint32_t>(changed, at / 4 * 4, values[random() % 8]);
    }
    (void)file.survive(changed);
  }
}

}  // namespace
}  // namespace nearsight::test
