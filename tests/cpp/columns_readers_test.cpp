// Readers ask while one writer puts, erases, commits and seals.
#include <atomic>
#include <thread>

#include "columns_model.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

constexpr DocId kDocs = 3000;

// Document n says that its number is n; n - 200 is erased as soon as it is there, and document 1 is
// put again and again. So a whole state holds an unbroken run, and all of it says the same.
bool is_whole(const ColumnsSnapshot& now) {
  const auto all = now.all();
  const auto numbered = now.exists("number", false);
  if (!all.is_ok() || !numbered.is_ok()) return false;
  const auto docs = now.docs(all.value());
  const auto rows = now.rows(numbered.value());
  const auto family = now.family(all.value());
  if (!docs.is_ok() || !rows.is_ok() || !family.is_ok()) return false;
  bool good = docs.value() == rows.value() && docs.value().size() == now.size() &&
              family.value().count() == now.size();
  for (size_t i = 1; good && i < docs.value().size(); ++i) {
    good = i == 1 || docs.value()[i] == docs.value()[i - 1] + 1;
  }
  const auto last = now.equal("number", whole_value(now.generation()));
  return good && last.is_ok() && (now.size() == 0 || last.value().count() >= 1);
}

TEST_CASE("readers see whole states of columns while documents come and go") {
  const Scratch scratch;
  const auto columns = open_columns(scratch.path());
  std::atomic<bool> is_done = false;
  std::atomic<size_t> seen = 0, broken = 0;
  const auto read = [&] {
    while (!is_done) {
      broken += !is_whole(columns->snapshot());
      ++seen;
    }
  };
  std::thread first(read), second(read);
  std::mt19937 random(50);
  for (DocId doc = 2; doc <= kDocs; ++doc) {
    Documents documents;
    for (const DocId one : {DocId{1}, doc}) {
      documents.begin(one, one % 7, one);
      if (!documents.say("number", whole_value(doc)).is_ok()) ++broken;
    }
    bool good = columns->put(documents).is_ok();
    const DocId gone = doc > 201 ? doc - 200 : 0;
    good = good && columns->erase({&gone, 1}).is_ok() && columns->commit(doc).is_ok();
    if (random() % 100 == 0) good = good && columns->seal().is_ok();
    if (!good) ++broken;
  }
  is_done = true;
  first.join();
  second.join();
  CHECK(broken == 0);
  CHECK(seen > 0);
  CHECK(columns->snapshot().size() == 201);
}

TEST_CASE("writers of columns that forget their lock wait for each other") {
  const auto columns = open_columns("");
  const auto write = [&](DocId first) {
    for (DocId doc = first; doc < 600; doc += 2) {
      Documents documents;
      documents.begin(doc, doc, doc);
      (void)columns->put(documents);
      (void)columns->commit(1);
    }
  };
  std::thread first(write, 1), second(write, 2);
  first.join();
  second.join();
  REQUIRE(columns->commit(2).is_ok());
  CHECK(columns->snapshot().size() == 599);
}

}  // namespace
}  // namespace nearsight::test
