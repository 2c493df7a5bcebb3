// Little-endian numbers in and out of bytes; reading never leaves the bytes it was given.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nearsight/types.h"

namespace nearsight {

class Encoder {
 public:
  template <class T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view text) { bytes_.append(text); }
  void fields(std::span<const Field> fields);

  const std::string& bytes() const { return bytes_; }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

// After a read past the end everything reads as zero and ok() is false: check once, at the end of a
// group, before anything is sized by what was read.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <class T>
  T number() {
    T value{};
    const std::span<const std::byte> bytes = take(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::span<const std::byte> take(size_t size);  // empty if there is less
  std::string_view text(size_t size);
  bool matches(std::span<const Field> fields);  // are the encoded fields these?

  bool ok() const { return ok_; }
  size_t left() const { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
  bool ok_ = true;
};

}  // namespace nearsight
