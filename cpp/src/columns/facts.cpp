#include "nearsight/facts.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace nearsight {
namespace {

constexpr uint64_t kSignBit = uint64_t{1} << 63;
constexpr uint16_t kOn = 0x8000;  // what stands for "on its double"

template <class T>
void append_big_endian(std::string& bytes, T number) {
  for (size_t shift = sizeof number * 8; shift > 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> (shift - 8) & 0xff));
  }
}

// The bits of a double, in the order of the doubles. Both zeros are one.
uint64_t ordered(double number) {
  const uint64_t bits = std::bit_cast<uint64_t>(number == 0 ? 0.0 : number);
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}

double from_ordered(uint64_t bits) {
  return std::bit_cast<double>((bits & kSignBit) != 0 ? bits & ~kSignBit : ~bits);
}

// A number is the double that is nearest to it, then how far it lies from that one. Rounding never
// swaps two numbers, so this is their exact order; 64-bit numbers lie at most 1024 away.
Value number(double nearest, int64_t away) {
  Value value{Kind::kNumber, {}};
  append_big_endian(value.key, ordered(nearest));
  append_big_endian(value.key, static_cast<uint16_t>(kOn + away));
  return value;
}

double load_double(const char* key) {
  uint64_t bits;
  std::memcpy(&bits, key, sizeof bits);
  return from_ordered(__builtin_bswap64(bits));
}

uint64_t head_of(std::string_view key) {
  char bytes[8] = {};
  std::memcpy(bytes, key.data(), std::min(key.size(), sizeof bytes));
  uint64_t head = 0;
  for (const char byte : bytes) head = head << 8 | static_cast<uint8_t>(byte);
  return head;
}

}  // namespace

Value null_value() { return {Kind::kNull, {}}; }

Value bool_value(bool value) { return {Kind::kBool, std::string(1, value ? '\1' : '\0')}; }

Value text_value(std::string_view text) { return {Kind::kText, std::string(text)}; }

Value whole_value(int64_t whole) {
  if (whole >= 0) return whole_value(static_cast<uint64_t>(whole));
  const auto nearest = static_cast<double>(whole);  // at least -2^63, which is a double
  return number(nearest, whole - static_cast<int64_t>(nearest));
}

Value whole_value(uint64_t whole) {
  const auto nearest = static_cast<double>(whole);
  if (nearest >= 0x1p64) return number(nearest, -static_cast<int64_t>(~whole) - 1);
  return number(nearest, static_cast<int64_t>(whole - static_cast<uint64_t>(nearest)));
}

Result<Value> float_value(double value) {
  if (std::isnan(value)) return Status::invalid_argument("NaN is not a number");
  return number(value, 0);
}

Value beside(double nearest, int side) { return number(nearest, side); }

Result<Value> point_value(double latitude, double longitude) {
  if (!(std::fabs(latitude) <= 90)) {
    return Status::invalid_argument("latitude " + std::to_string(latitude) +
                                    " is not in -90..90 (the latitude comes first)");
  }
  if (!(std::fabs(longitude) <= 180)) {
    return Status::invalid_argument("longitude " + std::to_string(longitude) +
                                    " is not in -180..180");
  }
  Value value{Kind::kPoint, {}};
  append_big_endian(value.key, ordered(latitude));
  append_big_endian(value.key, ordered(longitude));
  return value;
}

Place place_of(const char* key) { return {load_double(key), load_double(key + kLatitudeBytes)}; }

std::string latitude_key(double latitude) {
  std::string key;
  append_big_endian(key, ordered(latitude));
  return key;
}

std::string column_name(std::string_view path, Kind kind) {
  std::string name(path);
  name.push_back('\0');
  name.push_back(static_cast<char>(kind));
  return name;
}

Status Documents::say(std::string_view path, const Value& value) {
  if (path.find('\0') != std::string_view::npos) {
    return Status::invalid_argument("a path cannot hold the character NUL");
  }
  const uint32_t column = column_numbered(column_name(path, value.kind));
  const auto document = static_cast<uint32_t>(documents_.size() - 1);
  facts_.push_back({document, column, head_of(value.key), bytes_.size(), value.key.size()});
  bytes_ += value.key;
  return Status::ok();
}

uint32_t Documents::column_numbered(std::string name) {
  const auto [it, is_new] =
      numbers_.try_emplace(std::move(name), static_cast<uint32_t>(columns_.size()));
  if (is_new) columns_.push_back(it->first);
  return it->second;
}

}  // namespace nearsight
