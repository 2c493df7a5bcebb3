#include "nearsight/row_mask.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace nearsight::test {
namespace {

using Bits = std::vector<bool>;

void check_same(const RowMask& mask, const Bits& bits) {
  REQUIRE(mask.size() == bits.size());
  REQUIRE(mask.count() == static_cast<size_t>(std::count(bits.begin(), bits.end(), true)));
  for (size_t i = 0; i < bits.size(); ++i) REQUIRE(mask.test(i) == bits[i]);
  if (bits.size() % 64 != 0 && !mask.words().empty()) {
    REQUIRE((mask.words().back() >> (bits.size() % 64)) == 0);
  }
}

std::pair<RowMask, Bits> random_mask(size_t size, uint32_t one_in, std::mt19937& random) {
  RowMask mask(size);
  Bits bits(size);
  for (size_t i = 0; i < size; ++i) {
    if (random() % one_in != 0) continue;
    mask.set(i);
    bits[i] = true;
  }
  return {mask, bits};
}

TEST_CASE("a mask is what a vector of booleans is") {
  std::mt19937 random(3);
  for (const size_t size : {0u, 1u, 63u, 64u, 65u, 127u, 128u, 200u, 1000u}) {
    for (const uint32_t one_in : {1u, 2u, 7u, 100u}) {
      CAPTURE(size);
      auto [a, a_bits] = random_mask(size, one_in, random);
      auto [b, b_bits] = random_mask(size, 3, random);
      check_same(a, a_bits);
      Bits both(size), either(size), neither(size);
      for (size_t i = 0; i < size; ++i) {
        both[i] = a_bits[i] && b_bits[i];
        either[i] = a_bits[i] || b_bits[i];
        neither[i] = !a_bits[i];
      }
      check_same(RowMask(a) &= b, both);
      check_same(RowMask(a) |= b, either);
      a.flip();
      check_same(a, neither);
    }
  }
}

TEST_CASE("all set, all clear") {
  for (const size_t size : {0u, 1u, 63u, 64u, 65u, 130u}) {
    check_same(RowMask(size, true), Bits(size, true));
    check_same(RowMask(size), Bits(size, false));
  }
}

TEST_CASE("ranges, counts and runs are found at every border") {
  std::mt19937 random(4);
  for (const uint32_t one_in : {1u, 2u, 50u}) {
    const auto [mask, bits] = random_mask(150, one_in, random);
    for (size_t begin = 0; begin <= 150; ++begin) {
      for (size_t end = begin; end <= 150; ++end) {
        const auto from = bits.begin() + static_cast<ptrdiff_t>(begin);
        const auto to = bits.begin() + static_cast<ptrdiff_t>(end);
        const auto set = static_cast<size_t>(std::find(from, to, true) - bits.begin());
        REQUIRE(mask.next_set(begin, end) == set);
        REQUIRE(mask.next_clear(begin, end) ==
                static_cast<size_t>(std::find(from, to, false) - bits.begin()));
        REQUIRE(mask.count_in(begin, end) == static_cast<size_t>(std::count(from, to, true)));
        REQUIRE(mask.any_in(begin, end) == (set < end));
      }
    }
  }
}

TEST_CASE("set_range sets a range and nothing else; resize adds clear positions") {
  for (const size_t begin : {0u, 1u, 63u, 64u, 100u}) {
    for (const size_t end : {0u, 1u, 64u, 65u, 128u, 150u}) {
      RowMask mask(150);
      Bits bits(150);
      mask.set_range(begin, end);
      for (size_t i = begin; i < end; ++i) bits[i] = true;
      check_same(mask, bits);
      mask.resize(100);
      bits.resize(100);
      check_same(mask, bits);
      mask.resize(300);
      bits.resize(300);
      check_same(mask, bits);
    }
  }
}

}  // namespace
}  // namespace nearsight::test
