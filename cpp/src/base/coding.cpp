#include "nearsight/coding.h"

namespace nearsight {
namespace {

constexpr uint8_t kSketched = 3;  // what stands for an element of f32 with a sketch

}  // namespace

void Encoder::fields(std::span<const Field> fields) {
  number(static_cast<uint32_t>(fields.size()));
  for (const Field& field : fields) {
    number(static_cast<uint32_t>(field.name.size()));
    text(field.name);
    number(field.dim);
    number(field.has_sketch ? kSketched : static_cast<uint8_t>(field.element));
    number(static_cast<uint8_t>(field.metric));
  }
}

std::span<const std::byte> Decoder::take(size_t size) {
  ok_ = ok_ && size <= rest_.size();
  if (!ok_) return {};
  const std::span<const std::byte> taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

std::string_view Decoder::text(size_t size) {
  const std::span<const std::byte> bytes = take(size);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool Decoder::matches(std::span<const Field> fields) {
  Encoder expected;
  expected.fields(fields);
  return text(expected.bytes().size()) == expected.bytes();
}

}  // namespace nearsight
