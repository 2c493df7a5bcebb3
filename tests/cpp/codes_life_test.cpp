// Codes that were made from codes: rows come and go, and what stays is copied.
#include "coded_rows.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

constexpr uint32_t kDim = 48;

// The rows [begin, end) of others, and how many of them were read.
class Part final : public RowSource {
 public:
  Part(const Rows& rows, size_t begin, size_t end) : rows_(rows), begin_(begin), end_(end) {}
  size_t size() const override { return end_ - begin_; }
  Status read(size_t begin, size_t count, RowId* ids, float* rows) const override {
    reads_ += count;
    return rows_.read(begin_ + begin, count, ids, rows);
  }
  size_t reads() const { return reads_; }

 private:
  const Rows& rows_;
  size_t begin_, end_;
  mutable std::atomic<size_t> reads_ = 0;
};

// Two kinds of rows, the second far from the first: numbered one after the other.
class TwoKinds final : public Rows {
 public:
  TwoKinds(size_t count, size_t of_first) : Rows(count, kDim, 20, 1) {
    const Rows others(count, kDim, 20, 2);
    for (size_t row = of_first; row < count; ++row) {
      float squares = 0;
      for (size_t i = 0; i < kDim; ++i) {
        float& number = number_at(row, i);
        number = others.row(row)[i] + (i < 8 ? 0.6f : 0.0f);
        squares += number * number;
      }
      for (size_t i = 0; i < kDim; ++i) number_at(row, i) /= std::sqrt(squares);
    }
  }
};

double recall_of(const Codes& codes, const Rows& rows, size_t begin, size_t end,
                 const RowMask& alive) {
  size_t found = 0, wanted = 0;
  for (size_t i = begin; i < end; i += std::max<size_t>(1, (end - begin) / 60)) {
    const auto answer = codes.search({rows.row(i)});
    REQUIRE_MESSAGE(answer.is_ok(), answer.status().message());
    const std::set<RowId> best = rows.best(rows.row(i), 10, &alive);
    for (const ScoredRow& row : answer.value().rows) found += best.count(row.id);
    wanted += best.size();
  }
  return static_cast<double>(found) / static_cast<double>(wanted);
}

RowMask mask_of(const Rows& rows, size_t begin, size_t end) {
  RowMask mask(Rows::id(rows.size()) - Rows::id(0));
  for (size_t row = begin; row < end; ++row) mask.set(Rows::id(row) - Rows::id(0));
  return mask;
}

std::vector<RowId> ids_of(size_t begin, size_t end) {
  std::vector<RowId> ids;
  for (size_t row = begin; row < end; ++row) ids.push_back(Rows::id(row));
  return ids;
}

TEST_CASE("rows of another kind are found as those that were there, few or many") {
  const TwoKinds rows(9000, 6000);
  const Part first(rows, 0, 6000);
  const auto before = built(first, kDim, nullptr);
  for (const size_t more : std::vector<size_t>{20, 200, 3000}) {
    CAPTURE(more);
    const size_t end = 6000 + more;
    const Part second(rows, 6000, end);
    const auto codes = built(second, kDim, nullptr, before.get());
    CHECK(codes->size() == end);
    CHECK(codes->ids().value() == ids_of(0, end));
    CHECK(codes->lists() > before->lists());
    CHECK(codes->lists() <= before->lists() + more / 32 + 1);
    CHECK(recall_of(*codes, rows, 0, 6000, mask_of(rows, 0, end)) >= 0.98);
    CHECK(recall_of(*codes, rows, 6000, end, mask_of(rows, 0, end)) >= 0.98);
    CHECK(second.reads() <= 4 * more + 1024);  // placed, learned from, placed again, written
  }
  CHECK(first.reads() <= 4 * 6000);
}

TEST_CASE("rows of the same kind find their lists, until these are too large") {
  const Rows rows(40000, kDim, 20, 3);
  const Part first(rows, 0, 4000);
  auto codes = built(first, kDim, nullptr);
  const size_t lists = codes->lists();
  const Part some(rows, 4000, 4400);
  codes = built(some, kDim, nullptr, codes.get());
  CHECK(codes->lists() <= lists + 2);
  CHECK(recall_of(*codes, rows, 0, 4400, mask_of(rows, 0, 4400)) >= 0.98);
  for (size_t begin = 4400; begin < 40000; begin = std::min<size_t>(40000, begin * 3 / 2)) {
    const size_t end = std::min<size_t>(40000, begin * 3 / 2);
    codes = built(Part(rows, begin, end), kDim, nullptr, codes.get());
  }
  CHECK(codes->size() == 40000);
  CHECK(codes->lists() >= 4 * lists);
  CHECK(recall_of(*codes, rows, 0, 40000, mask_of(rows, 0, 40000)) >= 0.98);
}

TEST_CASE("rows that went leave no trace, and lists that lost most rows end") {
  const TwoKinds rows(9000, 4500);
  const auto before = built(rows, kDim, nullptr);
  const Part none(rows, 0, 0);
  RowMask erased = mask_of(rows, 0, 4400);  // nearly all of one kind
  for (size_t row = 4500; row < 9000; row += 3) erased.set(Rows::id(row) - Rows::id(0));
  const auto after = built(none, kDim, nullptr, before.get(), 2, &erased);
  RowMask alive = mask_of(rows, 0, 9000);
  std::vector<RowId> ids;
  for (size_t row = 0; row < 9000; ++row) {
    if (erased.test(Rows::id(row) - Rows::id(0)))
      alive.clear(Rows::id(row) - Rows::id(0));
    else
      ids.push_back(Rows::id(row));
  }
  CHECK(after->ids().value() == ids);
  CHECK(after->first_row() == ids.front());
  CHECK(after->last_row() == ids.back());
  CHECK(after->lists() < before->lists() * 2 / 3);
  CHECK(after->file_bytes() < before->file_bytes() / 2);
  CHECK(recall_of(*after, rows, 4500, 9000, alive) >= 0.98);
  CHECK(recall_of(*after, rows, 4400, 4500, alive) >= 0.98);
}

TEST_CASE("what did not change is the same to the bit, and so is every number of threads") {
  const TwoKinds rows(6000, 5000);
  Scratch scratch;
  const auto directory = open_directory(scratch.path()).value();
  const auto plan = [&](const char* name, const Codes* base, size_t threads) {
    return Codes::Plan{kDim, kOwner, name, directory.get(), base, nullptr, threads};
  };
  Progress progress;
  const auto base = Codes::build(Part(rows, 0, 5000), plan("a", nullptr, 1), progress).value();
  const Part none(rows, 0, 0), more(rows, 5000, 6000);
  REQUIRE(Codes::build(none, plan("b", base.get(), 2), progress).is_ok());
  CHECK(read_file(scratch.file("a")) == read_file(scratch.file("b")));
  REQUIRE(Codes::build(more, plan("c", base.get(), 1), progress).is_ok());
  REQUIRE(Codes::build(more, plan("d", base.get(), 3), progress).is_ok());
  CHECK(read_file(scratch.file("c")) == read_file(scratch.file("d")));
  CHECK(Codes::open(*directory, "c", kOwner, kDim).value()->verify().is_ok());
}

TEST_CASE("codes are not made from damaged codes") {
  const Rows rows(3000, kDim, 10, 4);
  Scratch scratch;
  const auto directory = open_directory(scratch.path()).value();
  built(rows, kDim, directory.get());
  const std::string good = read_file(scratch.file("codes"));
  const Part none(rows, 0, 0);
  std::mt19937 random(5);
  for (int i = 0; i < 40; ++i) {
    std::string changed = good;
    const size_t at = 4096 + random() % (good.size() - 4096);
    changed[at] = static_cast<char>(changed[at] ^ 1 << random() % 8);
    write_file(scratch.file("codes"), changed);
    const auto base = Codes::open(*directory, "codes", kOwner, kDim);
    REQUIRE(base.is_ok());
    Progress progress;
    const auto made =
        Codes::build(none, {kDim, kOwner, "x", directory.get(), base.value().get()}, progress);
    if (made.is_ok()) {  // the bit is in what is not taken over
      CHECK(made.value()->verify().is_ok());
      REQUIRE(directory->remove("x").is_ok());
    } else {
      CHECK(made.status().code() == StatusCode::kCorruption);
    }
    CHECK(scratch.names() == std::vector<std::string>{"codes"});
  }
}

}  // namespace
}  // namespace nearsight::test
