#include "nearsight/kernels.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "nearsight/rank.h"

namespace nearsight::test {
namespace {

constexpr size_t kRows = 13;  // the last of them is never asked for
constexpr uint32_t kPicked[] = {0, 2, 3, 4, 7, 8, 11};

// What a binary16 means, by the book.
double value_of(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  const double sign = half & 0x8000 ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * std::ldexp(exponent == 0 ? fraction : fraction + 1024, std::max(exponent, 1) - 25);
}
double value_of(float number) { return number; }
double value_of(int8_t number) { return number; }

void score(const Kernels& kernels, const std::vector<float>& queries, size_t query_count,
           const std::vector<float>& rows, Picks picks, size_t dim, size_t stride, float* out) {
  kernels.score.f32(queries.data(), query_count, rows.data(), picks.which, picks.count, dim, stride,
                    out);
}
void score(const Kernels& kernels, const std::vector<float>& queries, size_t query_count,
           const std::vector<uint16_t>& rows, Picks picks, size_t dim, size_t stride, float* out) {
  kernels.score.f16(queries.data(), query_count, rows.data(), picks.which, picks.count, dim, stride,
                    out);
}
void score(const Kernels& kernels, const std::vector<int16_t>& queries, size_t query_count,
           const std::vector<int8_t>& rows, Picks picks, size_t dim, size_t stride, float* out) {
  kernels.score.i8(queries.data(), query_count, rows.data(), picks.which, picks.count, dim, stride,
                   out);
}

double dot_in_double(const auto* query, const auto* row, size_t dim) {
  double sum = 0;
  for (size_t i = 0; i < dim; ++i) sum += query[i] * value_of(row[i]);
  return sum;
}

// Holds one kernel to a model in double. Rows that are not asked for, and the numbers past dim, are
// NaN: a kernel that uses what it should not look at answers NaN.
template <class Number>
void check_against_double(const Kernels& kernels, const std::vector<float>& queries,
                          size_t query_count, const std::vector<Number>& numbers, Number poison,
                          Picks picks, size_t dim, size_t stride) {
  std::vector<Number> rows(kRows * stride + 64, poison);
  for (size_t i = 0; i < picks.count; ++i) {
    std::copy_n(&numbers[picks[i] * dim], dim, &rows[picks[i] * stride]);
  }
  std::vector<float> out(query_count * picks.count + 1, 42.0f);
  score(kernels, queries, query_count, rows, picks, dim, stride, out.data());
  for (size_t q = 0; q < query_count; ++q) {
    const float* const query = &queries[q * dim];
    for (size_t i = 0; i < picks.count; ++i) {
      const Number* const row = &rows[picks[i] * stride];
      double squares = 0;
      for (size_t j = 0; j < dim; ++j) squares += value_of(row[j]) * value_of(row[j]);
      const double lengths = std::sqrt(dot_in_double(query, query, dim) * squares);
      const double exact = dot_in_double(query, row, dim);
      REQUIRE(std::fabs(out[q * picks.count + i] - exact) <= kScoreTolerance * lengths);
    }
  }
  REQUIRE(out.back() == 42.0f);
}

std::vector<float> random_numbers(size_t count, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> numbers(count);
  for (float& number : numbers) number = normal(random);
  return numbers;
}

std::vector<uint16_t> random_halves(size_t count, std::mt19937& random) {
  std::vector<uint16_t> halves(count);
  for (uint16_t& half : halves) {
    half = static_cast<uint16_t>((random() & 0x83ff) | (random() % 20) << 10);  // subnormals too
  }
  return halves;
}

// From all small dims to a few large ones.
std::vector<size_t> some_dims(size_t step) {
  std::vector<size_t> dims = {1280, 4096, 65536};
  for (size_t dim = step; dim <= 768; dim += step) dims.push_back(dim);
  return dims;
}

TEST_CASE("every kernel agrees with double arithmetic in all dims, for all numbers of queries") {
  std::mt19937 random(1);
  for (const size_t dim : some_dims(kDimStep)) {
    const size_t queries = dim > 768 ? 3 : 1 + random() % 20, stride = dim + dim % 5;
    const std::vector<float> wanted = random_numbers(queries * dim, random);
    const std::vector<float> f32 = random_numbers(kRows * dim, random);
    const std::vector<uint16_t> f16 = random_halves(kRows * dim, random);
    for (const Kernels* kernels : available_kernels()) {
      CAPTURE(kernels->name);
      CAPTURE(dim);
      for (const Picks picks : {Picks{nullptr, kRows - 1}, Picks{kPicked, std::size(kPicked)}}) {
        for (const size_t count : {size_t{1}, queries}) {
          check_against_double<float>(*kernels, wanted, count, f32, NAN, picks, dim, stride);
          check_against_double<uint16_t>(*kernels, wanted, count, f16, 0x7e00, picks, dim, stride);
        }
      }
    }
  }
}

TEST_CASE("every kernel sums i8 rows exactly, the largest that the door lets through included") {
  std::mt19937 random(2);
  for (const size_t dim : some_dims(kByteDimStep)) {
    const size_t queries = dim > 768 ? 3 : 1 + random() % 20, stride = dim + 64;
    const auto most = static_cast<int>(std::min<size_t>(INT16_MAX, kMaxQuerySum / dim));
    std::vector<int16_t> wanted(queries * dim, static_cast<int16_t>(most));
    for (size_t i = dim; i < wanted.size(); ++i) {  // the first query is as large as can be
      wanted[i] = static_cast<int16_t>(
          static_cast<int>(random() % static_cast<uint32_t>(2 * most + 1)) - most);
    }
    std::vector<int8_t> rows(kRows * stride, 127);
    for (size_t i = stride; i < rows.size(); ++i) {
      rows[i] = static_cast<int8_t>(static_cast<int>(random() % 255) - 127);
    }
    const float scale = 0.37f;
    for (size_t i = 1; i <= kRows; ++i) std::memcpy(&rows[i * stride - 4], &scale, sizeof scale);
    for (const Kernels* kernels : available_kernels()) {
      CAPTURE(kernels->name);
      CAPTURE(dim);
      for (const Picks picks : {Picks{nullptr, kRows}, Picks{kPicked, std::size(kPicked)}}) {
        std::vector<float> out(queries * picks.count);
        for (const size_t count : {size_t{1}, queries}) {
          score(*kernels, wanted, count, rows, picks, dim, stride, out.data());
          for (size_t i = 0; i < count * picks.count; ++i) {
            const size_t q = i / picks.count, row = picks[i % picks.count];
            const double sum = dot_in_double(&wanted[q * dim], &rows[row * stride], dim);
            REQUIRE(out[i] == static_cast<float>(sum) * scale);
          }
        }
      }
    }
  }
}

TEST_CASE("a row's score depends on no other row and not on its place") {
  std::mt19937 random(3);
  const size_t dim = 208;
  const std::vector<float> rows = random_numbers(kRows * dim, random);
  const std::vector<float> queries = random_numbers(7 * dim, random);
  for (const Kernels* kernels : available_kernels()) {
    CAPTURE(kernels->name);
    for (const size_t count : {1u, 7u}) {
      std::vector<float> all(count * kRows), one(count);
      score(*kernels, queries, count, rows, {nullptr, kRows}, dim, dim, all.data());
      for (uint32_t row = 0; row < kRows; ++row) {
        score(*kernels, queries, count, rows, {&row, 1}, dim, dim, one.data());
        for (size_t q = 0; q < count; ++q) REQUIRE(one[q] == all[q * kRows + row]);
      }
    }
  }
}

TEST_CASE("every kernel reads all 65536 halves as IEEE 754 does") {
  std::vector<uint16_t> rows(65536 * kDimStep);
  for (size_t i = 0; i < 65536; ++i) rows[i * kDimStep + i % kDimStep] = static_cast<uint16_t>(i);
  const std::vector<float> query(kDimStep, 1.0f);
  std::vector<float> out(65536);
  for (const Kernels* kernels : available_kernels()) {
    CAPTURE(kernels->name);
    score(*kernels, query, 1, rows, {nullptr, out.size()}, kDimStep, kDimStep, out.data());
    for (size_t i = 0; i < out.size(); ++i) {
      const double expected = value_of(static_cast<uint16_t>(i));
      CAPTURE(i);
      REQUIRE((std::isnan(expected) ? std::isnan(out[i]) : out[i] == expected));
    }
  }
}

TEST_CASE("no rows, no writes") {
  for (const Kernels* kernels : available_kernels()) {
    float out = 42;
    const std::vector<float> numbers(2 * kDimStep, 1.0f);
    for (const size_t queries : {1u, 2u}) {
      score(*kernels, numbers, queries, numbers, {nullptr, 0}, kDimStep, kDimStep, &out);
    }
    CHECK(out == 42);
  }
}

TEST_CASE("a kernel is found by its name, and an unknown name is refused with the known ones") {
  for (const Kernels* kernels : available_kernels()) {
    const auto found = kernels_named(kernels->name);
    REQUIRE(found.is_ok());
    CHECK(found.value() == kernels);
  }
  const auto unknown = kernels_named("avx1024");
  REQUIRE_FALSE(unknown.is_ok());
  CHECK(unknown.status().code() == StatusCode::kUnsupported);
  CHECK(unknown.status().message().find("'avx1024'") != std::string_view::npos);
  CHECK(unknown.status().message().find("scalar") != std::string_view::npos);
}

TEST_CASE("the chosen kernel is the best there is, unless the environment names one") {
  const auto chosen = chosen_kernels();
  const char* const forced = std::getenv("NEARSIGHT_KERNEL");
  REQUIRE(chosen.is_ok());
  CHECK(chosen.value()->name == std::string(forced ? forced : available_kernels().back()->name));
}

}  // namespace
}  // namespace nearsight::test
