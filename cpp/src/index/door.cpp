#include "door.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "bytes.h"
#include "nearsight/store.h"

namespace nearsight {
namespace {

constexpr float kMaxHalf = 65504.0f;

std::string quoted(const Field& field) { return "field '" + field.name + "'"; }

// The largest magnitude that the door takes.
float most(const Field& field, Element element) {
  if (field.metric == Metric::kCosine) return std::numeric_limits<float>::max();
  return element == Element::kF16 ? kMaxHalf : kMaxMagnitude;
}

Status check_numbers(const Field& field, Element element, const float* numbers) {
  const float limit = most(field, element);
  bool is_zero = true;
  for (size_t i = 0; i < field.dim; ++i) {
    if (!(std::fabs(numbers[i]) <= limit)) {  // NaN too
      return Status::invalid_argument(
          quoted(field) + ": number " + std::to_string(i) + " is " + std::to_string(numbers[i]) +
          (std::isfinite(numbers[i]) ? ", too large for this field" : ", not a finite number"));
    }
    is_zero = is_zero && numbers[i] == 0;
  }
  if (is_zero && field.metric == Metric::kCosine) {
    return Status::invalid_argument(quoted(field) +
                                    ": all numbers are zero, which has no direction");
  }
  return Status::ok();
}

// 1 / length for kCosine, in double: squares of the smallest and largest floats fit.
double scale_of(const Field& field, const float* row) {
  if (field.metric == Metric::kDot) return 1;
  double squares = 0;
  for (size_t i = 0; i < field.dim; ++i) squares += static_cast<double>(row[i]) * row[i];
  return 1 / std::sqrt(squares);
}

// binary32 to binary16, to nearest, ties to even. REQUIRES |value| <= kMaxHalf.
uint16_t to_half(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const float magnitude = std::fabs(value);
  if (magnitude < 0x1p-14f) {  // subnormal: a multiple of 2^-24, and nearbyint rounds to even
    return static_cast<uint16_t>(sign | static_cast<uint32_t>(std::nearbyint(magnitude * 0x1p24f)));
  }
  const uint32_t exponent_moved = (bits & 0x7fffffff) - (112u << 23);
  const uint32_t odd = exponent_moved >> 13 & 1;
  return static_cast<uint16_t>(sign | (exponent_moved + 0xfff + odd) >> 13);
}

// Leaves out the zeros at both ends of the only query, in whole steps of what kernels take.
void trim(Queries& query) {
  std::vector<float>& numbers = query.numbers;
  const auto is_set = [](float number) { return number != 0; };
  const auto begin = std::find_if(numbers.begin(), numbers.end(), is_set);
  if (begin == numbers.end()) return;
  const auto past = std::find_if(numbers.rbegin(), numbers.rend(), is_set).base();
  const auto last = static_cast<size_t>(past - numbers.begin());
  query.first = static_cast<size_t>(begin - numbers.begin()) / kDimStep * kDimStep;
  query.dim = (last - query.first + kDimStep - 1) / kDimStep * kDimStep;
  numbers.erase(numbers.begin(), numbers.begin() + static_cast<ptrdiff_t>(query.first));
  numbers.resize(query.dim);
}

Status check_terms(std::span<const Rank> ranks) {
  size_t terms = 0;
  for (const Rank& rank : ranks) {
    if (rank.terms.empty()) return Status::invalid_argument("a rank has no terms: give it one");
    terms += rank.terms.size();
  }
  if (terms >= 1 && terms <= kMaxTerms) return Status::ok();
  return Status::invalid_argument("a search has 1 to " + std::to_string(kMaxTerms) +
                                  " terms over all its ranks, not " + std::to_string(terms));
}

// The other way round: the exponent's bias is corrected by a multiplication, subnormals included.
float to_float(uint16_t half) {
  const uint32_t magnitude = half & 0x7fffu, sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(scaled) | sign);
}

}  // namespace

Status check_fields(std::span<const Field> fields) {
  if (fields.empty() || fields.size() > kMaxFields) {
    return Status::invalid_argument("an index has 1 to " + std::to_string(kMaxFields) +
                                    " fields, not " + std::to_string(fields.size()));
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    if (field.name.empty() || field.name.size() > kMaxNameBytes) {
      return Status::invalid_argument("a field's name has 1 to " + std::to_string(kMaxNameBytes) +
                                      " bytes, '" + field.name + "' does not");
    }
    if (field.dim < 1 || field.dim > kMaxDim) {
      return Status::invalid_argument(quoted(field) + ": dim is 1 to " + std::to_string(kMaxDim) +
                                      ", not " + std::to_string(field.dim));
    }
    if (field.has_sketch && (field.element != Element::kF32 || field.metric != Metric::kCosine)) {
      return Status::invalid_argument(quoted(field) + ": only f32 rows of cosines have sketches");
    }
    for (const Field& earlier : fields.first(i)) {
      if (earlier.name == field.name) {
        return Status::invalid_argument(quoted(field) + " is named twice");
      }
    }
  }
  return Status::ok();
}

Result<size_t> field_named(std::span<const Field> fields, const std::string& name) {
  std::string names;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return i;
    names += (i == 0 ? "'" : ", '") + fields[i].name + "'";
  }
  return Status::invalid_argument("there is no field '" + name + "'; the index has " + names);
}

Status check_row(const Field& field, const float* row) {
  return check_numbers(field, field.element, row);
}

void encode_row(const Field& field, const float* row, std::byte* out) {
  const double scale = scale_of(field, row);
  std::memset(out, 0, stride_bytes(field));
  if (field.element == Element::kI8) {
    const float step = to_bytes({row, field.dim}, scale, out);
    std::memcpy(out + stride_bytes(field) - sizeof step, &step, sizeof step);
    return;
  }
  for (size_t i = 0; i < field.dim; ++i) {
    const auto number = static_cast<float>(row[i] * scale);
    if (field.element == Element::kF32) {
      std::memcpy(out + i * sizeof number, &number, sizeof number);
    } else {
      const uint16_t half = to_half(number);
      std::memcpy(out + i * sizeof half, &half, sizeof half);
    }
  }
}

void decode_row(const Field& field, const std::byte* row, float* out) {
  if (field.element == Element::kF32) {
    std::memcpy(out, row, field.dim * sizeof(float));
    return;
  }
  float step = 1;
  if (field.element == Element::kI8) {
    std::memcpy(&step, row + stride_bytes(field) - sizeof step, sizeof step);
  }
  for (size_t i = 0; i < field.dim; ++i) {
    uint16_t half;
    if (field.element == Element::kI8) {
      out[i] = step * static_cast<float>(static_cast<int8_t>(row[i]));
    } else {
      std::memcpy(&half, row + i * sizeof half, sizeof half);
      out[i] = to_float(half);
    }
  }
}

Result<Queries> ready_queries(std::span<const Field> fields, const std::string& name,
                              std::span<const float> queries, size_t count) {
  const auto index = field_named(fields, name);
  if (!index.is_ok()) return index.status();
  const Field& field = fields[index.value()];
  if (queries.size() / count != field.dim || queries.size() % count != 0) {
    return Status::invalid_argument(quoted(field) + " has dim " + std::to_string(field.dim) +
                                    ", the query " + std::to_string(queries.size() / count));
  }
  const size_t step = field.element == Element::kI8 ? kByteDimStep : kDimStep;
  Queries ready{count,
                index.value(),
                field.element,
                0,
                (field.dim + step - 1) / step * step,
                stride_bytes(field) / number_bytes(field.element),
                {},
                {},
                {}};
  ready.numbers.resize(count * ready.dim);
  for (size_t q = 0; q < count; ++q) {
    const float* const query = queries.data() + q * field.dim;
    if (Status status = check_numbers(field, Element::kF32, query); !status.is_ok()) {
      return Status::invalid_argument("the query for " + std::string(status.message()));
    }
    float* const numbers = ready.numbers.data() + q * ready.dim;
    const double scale = scale_of(field, query);
    for (size_t i = 0; i < field.dim; ++i) numbers[i] = static_cast<float>(query[i] * scale);
    if (field.element == Element::kI8) append_whole(ready, {numbers, ready.dim});
  }
  if (count == 1 && field.element != Element::kI8) trim(ready);
  return ready;
}

Result<std::vector<ReadyRank>> ready_ranks(std::span<const Field> fields,
                                           std::span<const Rank> ranks) {
  if (Status status = check_terms(ranks); !status.is_ok()) return status;
  std::vector<ReadyRank> ready;
  for (const Rank& rank : ranks) {
    if (!std::isfinite(rank.weight) || !std::isfinite(rank.bias)) {
      return Status::invalid_argument("a rank's weight and bias are finite numbers, not " +
                                      std::to_string(rank.weight) + " and " +
                                      std::to_string(rank.bias));
    }
    ready.push_back({{}, rank.weight, rank.squash, rank.bias});
    for (const Term& term : rank.terms) {
      if (!std::isfinite(term.weight)) {
        return Status::invalid_argument("field '" + term.field +
                                        "': the term's weight is not a finite number");
      }
      auto query = ready_queries(fields, term.field, term.query, 1);
      if (!query.is_ok()) return query.status();
      auto rough = rough_of(fields[query.value().field], query.value());
      ready.back().terms.push_back(
          {std::move(query.value()), term.weight, term.curve, std::move(rough)});
    }
  }
  return ready;
}

}  // namespace nearsight
