#include "bytes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "nearsight/store.h"

namespace nearsight {
namespace {

// In f32, rounding to nearest: of one operation, and what is rounded below the smallest numbers.
constexpr double kUnit = 0x1p-24;
constexpr double kUnderflow = 1e-30;
constexpr double kOver = 1 + 1e-6;  // more than all that is rounded where bounds are made in double
constexpr double kMostLength = 1.001;  // of a row of length 1 as f32 has it

// To nearest, ties to even, as long as it is far from 2^51: unlike a library's call, four at once.
double to_whole(double value) {
  constexpr double kShift = 0x1.8p52;
  return value + kShift - kShift;
}

double length_of(std::span<const float> numbers) {
  double squares = 0;
  for (const float number : numbers) squares += static_cast<double>(number) * number;
  return std::sqrt(squares);
}

// Not below the value.
float rounded_up(double value) {
  return std::nextafter(static_cast<float>(value), std::numeric_limits<float>::infinity());
}

}  // namespace

float to_bytes(std::span<const float> numbers, double scale, std::byte* out) {
  double largest = 0;
  for (const float number : numbers) largest = std::max(largest, std::fabs(number * scale));
  const auto step = static_cast<float>(largest / INT8_MAX);
  for (size_t i = 0; i < numbers.size(); ++i) {
    const double whole = step == 0 ? 0 : to_whole(numbers[i] * scale / step);
    out[i] = static_cast<std::byte>(static_cast<int8_t>(std::clamp(whole, -127.0, 127.0)));
  }
  return step;
}

void append_whole(Queries& queries, std::span<const float> numbers) {
  double sum = 0, largest = 0;
  for (const float number : numbers) {
    sum += std::fabs(number);
    largest = std::max<double>(largest, std::fabs(number));
  }
  const auto room = static_cast<double>(kMaxQuerySum - queries.dim);  // for rounding
  const double step = std::max(largest / INT16_MAX, sum / room);
  for (const float number : numbers) {
    const double whole = step == 0 ? 0 : to_whole(number / step);
    queries.whole.push_back(static_cast<int16_t>(whole));
  }
  queries.steps.push_back(static_cast<float>(step));
}

// The slip has two parts. A query of length 1 meets the row and what its bytes stand for with
// scores that differ by at most the length of their difference (Cauchy and Schwarz). And a kernel
// sums the row's products in f32 in some order, which is off by at most a unit for each of them
// (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1), times both lengths.
void encode_sketch(const Field& field, const std::byte* row, std::byte* out) {
  const size_t size = sketch_bytes(field);
  std::memset(out, 0, size);
  const std::span<const float> numbers(reinterpret_cast<const float*>(row), field.dim);
  const float step = to_bytes(numbers, 1, out);
  double squares = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const double off = numbers[i] - static_cast<double>(step) * static_cast<int8_t>(out[i]);
    squares += off * off;
  }
  const double summing = (field.dim + kDimStep) * kUnit * length_of(numbers);
  const float slip = rounded_up(kOver * (std::sqrt(squares) + kOver * summing) + kUnderflow);
  std::memcpy(out + size - kSlipFromEnd, &slip, sizeof slip);
  std::memcpy(out + size - sizeof step, &step, sizeof step);
}

// A query q becomes q' of whole numbers. For a row x with the sketch x': |q·x' - q'·x'| is at most
// |q - q'| |x'|, the exact sum q'·x' is rounded three times, and |x'| <= |x| + slip.
std::optional<Rough> rough_of(const Field& field, const Queries& query) {
  if (!field.has_sketch || query.dim * sizeof(float) <= sketch_bytes(field)) return std::nullopt;
  const size_t dim = (field.dim + kByteDimStep - 1) / kByteDimStep * kByteDimStep;
  Rough rough{{1, query.field, Element::kI8, 0, dim, sketch_bytes(field), {}, {}, {}}, 0, 0};
  std::vector<float> numbers(dim), off(dim);
  std::ranges::copy(query.numbers, numbers.begin() + static_cast<ptrdiff_t>(query.first));
  append_whole(rough.query, numbers);
  double squares = 0;
  for (size_t i = 0; i < dim; ++i) {
    const double missed =
        numbers[i] - static_cast<double>(rough.query.steps[0]) * rough.query.whole[i];
    squares += missed * missed;
  }
  const double length = length_of(numbers), missed = std::sqrt(squares);
  const double per_length = missed + 4 * kUnit * (length + missed);
  rough.reach = kOver * (length + per_length);
  rough.slack = kOver * (kMostLength * per_length + kUnderflow);
  return rough;
}

}  // namespace nearsight
