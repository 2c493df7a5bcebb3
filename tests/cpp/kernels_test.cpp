#include "nearsight/kernels.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace nearsight::test {
namespace {

constexpr size_t kMaxTestDim = 2049;
constexpr size_t kRows = 5;

// What a binary16 means, by the book.
double value_of(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  const double sign = half & 0x8000 ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * std::ldexp(exponent == 0 ? fraction : fraction + 1024, std::max(exponent, 1) - 25);
}
double value_of(float number) { return number; }

void score(const Kernels& kernels, const float* query, const float* rows, size_t count, size_t dim,
           size_t stride, float* out) {
  kernels.score_f32(query, rows, count, dim, stride, out);
}
void score(const Kernels& kernels, const float* query, const uint16_t* rows, size_t count,
           size_t dim, size_t stride, float* out) {
  kernels.score_f16(query, rows, count, dim, stride, out);
}

// Holds one kernel to a model in double. The row after the last, and the numbers past dim, are NaN:
// a kernel that uses what it should not look at answers NaN.
template <class T>
void check_against_double(const Kernels& kernels, const std::vector<float>& query,
                          const std::vector<T>& numbers, T poison, size_t dim, size_t stride) {
  std::vector<T> rows(kRows * stride + 64, poison);
  for (size_t i = 0; i < kRows; ++i) {
    for (size_t j = 0; j < dim; ++j) rows[i * stride + j] = numbers[i * kMaxTestDim + j];
  }
  std::vector<float> out(kRows + 1, 42.0f);
  std::vector<float> reference(kRows);
  score(kernels, query.data(), rows.data(), kRows, dim, stride, out.data());
  score(*available_kernels()[0], query.data(), rows.data(), kRows, dim, stride, reference.data());
  for (size_t i = 0; i < kRows; ++i) {
    double exact = 0, query_squares = 0, row_squares = 0;
    for (size_t j = 0; j < dim; ++j) {
      const double number = value_of(rows[i * stride + j]);
      exact += query[j] * number;
      query_squares += static_cast<double>(query[j]) * query[j];
      row_squares += number * number;
    }
    const double allowed = kScoreTolerance * std::sqrt(query_squares * row_squares);
    REQUIRE(std::fabs(out[i] - exact) <= allowed);
    REQUIRE(std::fabs(out[i] - static_cast<double>(reference[i])) <= allowed);
  }
  REQUIRE(out[kRows] == 42.0f);
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

TEST_CASE("every kernel agrees with double arithmetic in all dims and odd strides") {
  std::mt19937 random(1);
  const std::vector<float> query = random_numbers(kMaxTestDim, random);
  const std::vector<float> f32 = random_numbers(kRows * kMaxTestDim, random);
  const std::vector<uint16_t> f16 = random_halves(kRows * kMaxTestDim, random);
  for (const Kernels* kernels : available_kernels()) {
    CAPTURE(kernels->name);
    for (size_t dim = 1; dim <= kMaxTestDim; ++dim) {
      CAPTURE(dim);
      const size_t stride = dim + dim % 4 * 3;  // dim, dim + 3, dim + 6, dim + 9
      check_against_double<float>(*kernels, query, f32, NAN, dim, stride);
      check_against_double<uint16_t>(*kernels, query, f16, 0x7e00, dim, stride);
    }
  }
}

TEST_CASE("every kernel reads all 65536 halves as IEEE 754 does") {
  std::vector<uint16_t> rows(65536 * 8);
  for (size_t i = 0; i < 65536; ++i) rows[i * 8 + i % 8] = static_cast<uint16_t>(i);
  const std::vector<float> query(8, 1.0f);
  std::vector<float> out(65536);
  for (const Kernels* kernels : available_kernels()) {
    CAPTURE(kernels->name);
    kernels->score_f16(query.data(), rows.data(), out.size(), 8, 8, out.data());
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
    const float number = 1;
    kernels->score_f32(&number, &number, 0, 1, 1, &out);
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
