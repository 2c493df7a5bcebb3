// Seeded noise: the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearsight {

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
class Noise {
 public:
  explicit Noise(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t mixed = state_ += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
  }
  // Below `limit`, which is at least 1. The bias of the remainder is below 2^-32 for our sizes.
  size_t below(size_t limit) { return static_cast<size_t>(next() % limit); }

 private:
  uint64_t state_;
};

}  // namespace nearsight
