// Fixed work for count.py, which counts its instructions: exact search, codes, filters, adding.
//
//   workload prepare FOLDER   writes what is searched there
//   workload run FOLDER       does the work, each kind counted by itself
//
// The numbers come from a generator of our own, so that no library's changes them.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "nearsight/columns.h"
#include "nearsight/kernels.h"
#include "nearsight/vectors.h"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else  // nothing is counted
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_DUMP_STATS_AT(name)
#endif

namespace nearsight {
namespace {

constexpr size_t kRows = 12'000;
constexpr uint32_t kDim = 96;
constexpr size_t kCentres = 60;
constexpr size_t kQueries = 40;
constexpr size_t kScanned = 4;  // queries that are compared with every row
constexpr size_t kAdded = 2'000;
constexpr size_t kDocuments = 20'000;
constexpr TruthId kTruth = {5};

class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  uint64_t below(uint64_t end) { return (next() >> 33) % end; }
  float around_zero() {  // nearly normal: the sum of four even ones
    float sum = 0;
    for (int i = 0; i < 4; ++i) sum += static_cast<float>(next() >> 40) / 16'777'216.0f - 0.5f;
    return sum;
  }

 private:
  uint64_t next() {
    return state_ = state_ * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
  }

  uint64_t state_;
};

[[noreturn]] void fail(const char* what, const std::string& why) {
  std::fprintf(stderr, "workload: %s: %s\n", what, why.c_str());
  std::exit(1);
}

void require(const Status& status, const char* what) {
  if (!status.is_ok()) fail(what, std::string(status.message()));
}

template <typename T>
T require(Result<T> result, const char* what) {
  if (!result.is_ok()) fail(what, std::string(result.status().message()));
  return std::move(result.value());
}

// Around centres; rows and queries of one seed are around the same ones.
std::vector<float> vectors(size_t count, uint64_t seed) {
  Numbers shared(1);
  Numbers own(seed);
  std::vector<float> centres(kCentres * kDim);
  for (float& number : centres) number = shared.around_zero();
  std::vector<float> made(count * kDim);
  for (size_t row = 0; row < count; ++row) {
    const float* centre = centres.data() + own.below(kCentres) * kDim;
    for (size_t i = 0; i < kDim; ++i) made[row * kDim + i] = centre[i] + 0.5f * own.around_zero();
  }
  return made;
}

std::vector<Key> keys(size_t count, Key first) {
  std::vector<Key> made(count);
  for (size_t i = 0; i < count; ++i) made[i] = first + i;
  return made;
}

void prepare(const std::string& folder) {
  auto made = require(Vectors::create(folder + "/vectors", kDim, Element::kF32), "create");
  require(made->add(keys(kRows, 0), vectors(kRows, 2)), "add");
  require(made->start_optimizing(1, false), "optimize");
  while (!made->wait(1)) {
  }
  require(made->outcome(), "optimize");
  require(made->flush(), "flush");

  auto columns = require(Columns::open(folder + "/columns", kTruth), "columns");
  Numbers numbers(3);
  Documents documents;
  for (DocId doc = 1; doc <= kDocuments; ++doc) {
    documents.begin(doc, doc, 0);
    const std::string word = "word " + std::to_string(numbers.below(100));
    require(documents.say("word", text_value(word)), "say");
    require(documents.say("number", whole_value(static_cast<int64_t>(numbers.below(1000)))), "say");
    const double latitude = 50.0 + numbers.around_zero();
    require(documents.say("place", require(point_value(latitude, numbers.around_zero()), "place")),
            "say");
  }
  require(columns->put(documents), "put");
  require(columns->commit(1), "commit");
  require(columns->seal(), "seal");
}

size_t search(const Vectors& found_in, const std::vector<float>& queries, size_t count, bool exact,
              std::shared_ptr<const Choice> allowed = nullptr) {
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    VectorQuestion question;
    question.queries = std::span(queries).subspan(i * kDim, kDim);
    question.exact = exact;
    question.allowed = allowed;
    found += require(found_in.search(question), "search").keys.size();
  }
  return found;
}

size_t exact(const Vectors& rows, const std::vector<float>& queries) {
  return search(rows, queries, kScanned, true);
}

size_t batch(const Vectors& rows, const std::vector<float>& queries) {
  VectorQuestion question;
  question.queries = queries;
  question.exact = true;
  return require(rows.search(question), "search").keys.size();
}

size_t codes(const Vectors& rows, const std::vector<float>& queries) {
  return search(rows, queries, kQueries, false);
}

size_t masked(const Vectors& rows, const std::vector<float>& queries,
              const std::shared_ptr<const Choice>& allowed) {
  return search(rows, queries, kQueries, false, allowed);
}

size_t filter(const ColumnsSnapshot& documents) {
  const DocSet word = require(documents.equal("word", text_value("word 7")), "equal");
  const Bound low{whole_value(int64_t{100}), false};
  const Bound high{whole_value(int64_t{600}), true};
  const DocSet number = require(documents.between("number", low, high), "between");
  const DocSet near = require(documents.within("place", {50, 0}, 40), "within");
  const DocSet both = require(number.both(near), "both");
  const DocSet any = require(require(documents.invert(word), "invert").both(both), "both");
  return require(documents.count_owners(any), "count") +
         require(documents.docs(any), "docs").size();
}

size_t add(Vectors& empty, const std::vector<Key>& added, const std::vector<float>& rows) {
  require(empty.add(added, rows), "add");
  return empty.size();
}

template <typename Work>
void counted(const char* name, const Work& work) {
  CALLGRIND_TOGGLE_COLLECT;
  const size_t found = work();
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_DUMP_STATS_AT(name);
  std::printf("%s %zu\n", name, found);
}

void run(const std::string& folder) {
  const auto rows = require(Vectors::open(folder + "/vectors", Access::kReadOnly), "open");
  if (rows->coded() != kRows) fail("open", "there are no codes");
  const std::vector<float> queries = vectors(kQueries, 4);
  std::vector<bool> flags(kRows);
  for (size_t row = 0; row < kRows; row += 5) flags[row] = true;
  const auto allowed = require(rows->choose(flags), "choose");
  const auto columns = require(Columns::open(folder + "/columns", kTruth), "columns");
  const ColumnsSnapshot documents = columns->snapshot();
  auto empty = require(Vectors::create("", kDim, Element::kF32), "create");
  const std::vector<Key> added = keys(kAdded, 0);
  const std::vector<float> more = vectors(kAdded, 6);
  // Everything once before, so that what is done the first time only is not counted.
  search(*rows, queries, 2, false, allowed);
  search(*rows, queries, 2, false);
  std::printf("kernel %s\n", require(chosen_kernels(), "kernel")->name);
  counted("exact", [&] { return exact(*rows, queries); });
  counted("batch", [&] { return batch(*rows, queries); });
  counted("codes", [&] { return codes(*rows, queries); });
  counted("masked", [&] { return masked(*rows, queries, allowed); });
  counted("filter", [&] { return filter(documents); });
  counted("add", [&] { return add(*empty, added, more); });
}

}  // namespace
}  // namespace nearsight

int main(int count, char** arguments) {
  if (count == 3 && std::strcmp(arguments[1], "prepare") == 0) {
    nearsight::prepare(arguments[2]);
  } else if (count == 3 && std::strcmp(arguments[1], "run") == 0) {
    nearsight::run(arguments[2]);
  } else {
    std::fprintf(stderr, "workload: prepare FOLDER, or run FOLDER\n");
    return 2;
  }
  return 0;
}
