// The compressed index: kernels against the scalar ones, codes against brute force, damage, tears.
#include "nearsight/codes.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "coded_rows.h"
#include "faulty_directory.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

TEST_CASE("every kernel scans codes as the scalar one does") {
  std::mt19937 random(1);
  for (const size_t row_bytes : std::vector<size_t>{8, 16, 24, 64, 160, 512}) {
    for (const size_t blocks : std::vector<size_t>{1, 2, 3, 7}) {
      std::vector<uint8_t> codes(blocks * 32 * row_bytes), tables(row_bytes * 32 + 64);
      for (uint8_t& byte : codes) byte = static_cast<uint8_t>(random());
      for (uint8_t& entry : tables) entry = static_cast<uint8_t>(random() % 64);
      std::fill_n(tables.begin(), row_bytes * 16, uint8_t{63});  // the largest sums too
      const std::vector<float> factors = normal_numbers(blocks * 32, random);
      const CodeQuery query{tables.data(), 0.01f, -0.5f};
      const CodeBlocks view{codes.data(), factors.data(), blocks, row_bytes};
      std::vector<float> expected(blocks * 32), scores(blocks * 32 + 1, 42.0f);
      std::vector<uint32_t> hits(blocks), expected_hits(blocks);
      available_code_kernels()[0]->scan(&query, &view, 0.25f, 1.0f, expected.data(),
                                        expected_hits.data());
      for (const CodeKernels* kernels : available_code_kernels()) {
        CAPTURE(kernels->name);
        kernels->scan(&query, &view, 0.25f, 1.0f, scores.data(), hits.data());
        for (size_t i = 0; i < expected.size(); ++i) {
          REQUIRE(std::fabs(scores[i] - expected[i]) <= 1e-5f * (1 + std::fabs(expected[i])));
          REQUIRE((hits[i / 32] >> i % 32 & 1) == (scores[i] >= 1.0f));
        }
        REQUIRE(scores.back() == 42.0f);
      }
    }
  }
}

TEST_CASE("every kernel scores rows apart, transforms and narrows as the scalar one does") {
  std::mt19937 random(2);
  const CodeKernels& scalar = *available_code_kernels()[0];
  for (const CodeKernels* kernels : available_code_kernels()) {
    CAPTURE(kernels->name);
    for (const size_t dim : std::vector<size_t>{1, 7, 8, 15, 16, 31, 33, 63, 64, 100, 512, 1000}) {
      CAPTURE(dim);
      const std::vector<float> query = normal_numbers(dim, random);
      const std::vector<float> numbers = normal_numbers(dim * 9, random);
      std::vector<uint16_t> halves(dim * 9), own(dim * 9);
      scalar.narrow(numbers.data(), numbers.size(), halves.data());
      kernels->narrow(numbers.data(), numbers.size(), own.data());
      REQUIRE(own == halves);
      std::vector<float> wide(dim * 9), expected(dim * 9);
      scalar.widen(halves.data(), halves.size(), expected.data());
      kernels->widen(halves.data(), halves.size(), wide.data());
      REQUIRE(wide == expected);
      std::vector<const uint16_t*> rows;
      for (size_t i = 0; i < 9; ++i) rows.push_back(halves.data() + (8 - i) * dim);
      std::vector<float> out(9);
      kernels->score_apart(query.data(), rows.data(), 9, dim, out.data());
      for (size_t i = 0; i < 9; ++i) {
        double dot = 0, length = 0;
        for (size_t j = 0; j < dim; ++j) {
          dot += static_cast<double>(query[j]) * wide[(8 - i) * dim + j];
          length += std::fabs(static_cast<double>(query[j]) * wide[(8 - i) * dim + j]);
        }
        REQUIRE(std::fabs(out[i] - dot) <= 1e-5 * length + 1e-9);
      }
    }
    for (size_t size = 64; size <= 4096; size *= 2) {
      std::vector<float> expected = normal_numbers(size, random), own = expected;
      scalar.transform(expected.data(), size);
      kernels->transform(own.data(), size);
      for (size_t i = 0; i < size; ++i)
        REQUIRE(std::fabs(own[i] - expected[i]) <= 1e-4f * std::sqrt(static_cast<float>(size)));
    }
  }
}

TEST_CASE("every kernel narrows every kind of number as IEEE 754 does") {
  std::vector<float> numbers = {0.0f,     -0.0f,    65504.0f,
                                65519.9f, 65520.0f, 1e-8f,
                                6e-8f,    1e30f,    std::numeric_limits<float>::infinity()};
  for (uint32_t half = 0; half < 0x7c00; ++half) {  // each half, and the middle to the next
    const uint16_t bits[2] = {static_cast<uint16_t>(half), static_cast<uint16_t>(half + 1)};
    float pair[2];
    available_code_kernels()[0]->widen(bits, 2, pair);
    numbers.push_back(pair[0]);
    if (half + 1 < 0x7c00) numbers.push_back((pair[0] + pair[1]) / 2);
    numbers.push_back(std::nextafter(pair[0], 1e9f));
  }
  std::vector<uint16_t> expected(numbers.size()), own(numbers.size());
  available_code_kernels()[0]->narrow(numbers.data(), numbers.size(), expected.data());
  for (const CodeKernels* kernels : available_code_kernels()) {
    kernels->narrow(numbers.data(), numbers.size(), own.data());
    REQUIRE(own == expected);
  }
}

TEST_CASE("codes find what brute force finds, in memory and from a file, with gaps in the ids") {
  for (const uint32_t dim : {1u, 3u, 64u, 100u}) {
    CAPTURE(dim);
    const Rows rows(4000, dim, 20, dim);
    Scratch scratch;
    const auto directory = open_directory(scratch.path()).value();
    const auto memory = built(rows, dim, nullptr);
    const auto file = built(rows, dim, directory.get(), nullptr, 3);
    const auto reopened = Codes::open(*directory, "codes", kOwner, dim);
    REQUIRE_MESSAGE(reopened.is_ok(), reopened.status().message());
    CHECK(reopened.value()->verify().is_ok());
    CHECK(memory->ids().value() == reopened.value()->ids().value());
    CHECK(memory->first_row() == Rows::id(0));
    CHECK(memory->last_row() == Rows::id(3999));
    if (dim > 1) CHECK(recall(*memory, rows, 97) >= 0.98);
    for (size_t i = 0; i < 4000; i += 500) {  // the same codes, however many threads made them
      const CodesQuestion question{rows.row(i)};
      const auto one = memory->search(question).value(),
                 other = reopened.value()->search(question).value();
      REQUIRE(one.rows.size() == other.rows.size());
      for (size_t j = 0; j < 10; ++j) CHECK(one.rows[j].id == other.rows[j].id);
    }
  }
}

TEST_CASE("a mask lets through what it holds, however much that is") {
  const Rows rows(5000, 48, 10, 6);
  const auto codes = built(rows, 48, nullptr);
  for (const size_t step : std::vector<size_t>{1, 2, 10, 40, 1000, 6000}) {
    RowMask allowed(Rows::id(4999) - Rows::id(0) + 1);
    for (size_t i = 0; i < 5000; i += step) allowed.set(Rows::id(i) - Rows::id(0));
    CHECK(codes->mask(allowed).value().count() == (5000 + step - 1) / step);
    CHECK(recall(*codes, rows, 301, &allowed) >= 0.98);
  }
}

TEST_CASE("no mask costs more than its rows, nor much more than no mask") {
  const Rows rows(60000, 16, 40, 12);
  const auto codes = built(rows, 16, nullptr, nullptr, 2);
  const size_t unmasked = codes->search({rows.row(3)}).value().scored;
  const size_t few = 2 * codes->lists();
  REQUIRE(few >= 1200);
  for (const size_t step : std::vector<size_t>{1, 2, 9, 20, 50, 60, 2000}) {
    CAPTURE(step);
    RowMask allowed(Rows::id(59999) - Rows::id(0) + 1);
    for (size_t i = 0; i < 60000; i += step) allowed.set(Rows::id(i) - Rows::id(0));
    const CodeMask mask = codes->mask(allowed).value();
    const auto answer = codes->search({rows.row(3), 10, 0.99f, &mask}).value();
    CHECK(answer.scored <= std::min(mask.count(), few + 4 * unmasked));
    CHECK((mask.count() > few || answer.recall == 1));
    CHECK((mask.count() <= few || answer.lists < codes->lists()));
  }
}

TEST_CASE("erased rows are not found, and everything else is") {
  const Rows rows(3000, 16, 5, 7);
  const auto codes = built(rows, 16, nullptr);
  RowMask erased(Rows::id(2999) - Rows::id(0) + 1);
  for (size_t i = 0; i < 3000; i += 2) erased.set(Rows::id(i) - Rows::id(0));
  CodesQuestion question{rows.row(0), 3000, 0.99f, nullptr, &erased};
  const auto answer = codes->search(question);
  REQUIRE(answer.is_ok());
  CHECK(answer.value().rows.size() == 1500);
  for (const ScoredRow& row : answer.value().rows) CHECK((row.id - 100) / 3 % 2 == 1);
}

TEST_CASE("a build that is cancelled or cannot be written leaves no file") {
  const Rows rows(3000, 16, 5, 8);
  Scratch scratch;
  const auto disk = open_directory(scratch.path()).value();
  Progress progress;
  progress.cancel();
  CHECK_FALSE(Codes::build(rows, {16, kOwner, "codes", disk.get()}, progress).is_ok());
  FaultyDirectory faulty(disk, 0);
  Progress other;
  CHECK(Codes::build(rows, {16, kOwner, "codes", &faulty}, other).status().code() ==
        StatusCode::kIoError);
  CHECK(scratch.names().empty());
}

TEST_CASE("what cannot be coded is refused") {
  const Rows none(0, 4, 1, 9), some(3, 4, 1, 9);
  Progress progress;
  for (const uint32_t dim : {0u, Codes::kMaxDim + 1})
    CHECK(Codes::build(some, {dim, kOwner, "c"}, progress).status().code() ==
          StatusCode::kInvalidArgument);
  CHECK_FALSE(Codes::build(none, {4, kOwner, "c"}, progress).is_ok());
}

TEST_CASE("a damaged file is found out, or answers as before; never a crash") {
  const Rows rows(600, 20, 5, 10);
  Scratch scratch;
  const auto directory = open_directory(scratch.path()).value();
  const auto good = built(rows, 20, directory.get());
  const std::string bytes = read_file(scratch.file("codes"));
  const CodesQuestion question{rows.row(17), 600};
  const std::vector<ScoredRow> expected = good->search(question).value().rows;
  std::mt19937 random(11);
  size_t refused = 0;
  const auto ask = [&](const std::string& changed) {
    write_file(scratch.file("codes"), changed);
    auto codes = Codes::open(*directory, "codes", kOwner, 20);
    if (!codes.is_ok()) return ++refused, void();
    CHECK_FALSE(codes.value()->verify().is_ok());
    const auto answer = codes.value()->search(question);
    if (!answer.is_ok()) return ++refused, void();
    REQUIRE(answer.value().rows.size() == expected.size());
    for (size_t i = 0; i < expected.size(); ++i) CHECK(answer.value().rows[i].id == expected[i].id);
  };
  for (int i = 0; i < 300; ++i) {
    std::string changed = bytes;
    size_t at = i < 130 ? static_cast<size_t>(i) : random() % bytes.size();
    if (at > 120 && at < 4092) at = 4092;  // zeros that the header's CRC covers, as in any page
    changed[at] = static_cast<char>(changed[at] ^ 1 << random() % 8);
    ask(changed);
  }
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4095}, size_t{4096}, bytes.size() - 1})
    ask(bytes.substr(0, size));
  ask(bytes + '\0');
  CHECK(refused >= 290);
  CHECK_FALSE(Codes::open(*directory, "codes", {8}, 20).is_ok());
  CHECK_FALSE(Codes::open(*directory, "missing", kOwner, 20).is_ok());
}

}  // namespace
}  // namespace nearsight::test
