#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "nearsight/kernels.h"

namespace nearsight::test {
namespace {

// Bit by bit, from the polynomial.
uint32_t slow_crc(std::span<const uint8_t> bytes) {
  uint32_t crc = ~0u;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

TEST_CASE("every kernel computes the vectors of RFC 3720, appendix B.4") {
  std::vector<uint8_t> ascending(32), descending(32);
  std::iota(ascending.begin(), ascending.end(), uint8_t{0});
  std::iota(descending.rbegin(), descending.rend(), uint8_t{0});
  const std::vector<uint8_t> zeros(32, 0), ones(32, 0xff);
  const std::vector<uint8_t> read_command = {
      0x01, 0xc0, 0, 0,    0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
      0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0};
  for (const Kernels* kernels : available_kernels()) {
    CAPTURE(kernels->name);
    CHECK(kernels->crc32c(0, zeros.data(), zeros.size()) == 0x8a9136aa);
    CHECK(kernels->crc32c(0, ones.data(), ones.size()) == 0x62a8ab43);
    CHECK(kernels->crc32c(0, ascending.data(), 32) == 0x46dd794e);
    CHECK(kernels->crc32c(0, descending.data(), 32) == 0x113fdb5c);
    CHECK(kernels->crc32c(0, read_command.data(), read_command.size()) == 0xd9963a56);
    CHECK(kernels->crc32c(0, "123456789", 9) == 0xe3069283);
    CHECK(kernels->crc32c(0, nullptr, 0) == 0);
  }
}

TEST_CASE("every kernel agrees with the polynomial at any length and alignment, and continues") {
  std::mt19937 random(2);
  std::vector<uint8_t> bytes(300);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  for (const Kernels* kernels : available_kernels()) {
    CAPTURE(kernels->name);
    for (size_t begin = 0; begin < 9; ++begin) {
      for (size_t size = 0; size + begin <= bytes.size(); ++size) {
        const auto part = std::span<const uint8_t>(bytes).subspan(begin, size);
        const uint32_t expected = slow_crc(part);
        REQUIRE(kernels->crc32c(0, part.data(), size) == expected);
        const size_t half = size / 3;
        const uint32_t begun = kernels->crc32c(0, part.data(), half);
        REQUIRE(kernels->crc32c(begun, part.data() + half, size - half) == expected);
      }
    }
  }
}

}  // namespace
}  // namespace nearsight::test
