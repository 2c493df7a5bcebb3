// The words that every organ shares.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nearsight {

// The truth's number of an embedding: positive, never reused, growing with time.
using RowId = uint64_t;

// 16 bytes that name the truth a cache was derived from.
using TruthId = std::array<uint8_t, 16>;

// How a field's numbers are stored. kI8: as bytes times one f32 a row, the largest magnitude of the
// row over 127, so that a number is off by at most half of that.
enum class Element : uint8_t { kF32 = 0, kF16 = 1, kI8 = 2 };

// kCosine rows are brought to unit length at the door, so that a dot product is the cosine; a zero
// row has no direction and is refused. kDot rows are kept as they come.
enum class Metric : uint8_t { kCosine = 0, kDot = 1 };

// A named vector that every row has, e.g. {"embedding", 1280, kF32, kCosine}.
struct Field {
  std::string name;
  uint32_t dim;  // 1 .. kMaxDim
  Element element;
  Metric metric;
  // Beside f32 rows of kCosine: a sketch of each, about a quarter of its bytes, by which a search
  // tells the few rows that may be among the best. It changes how long a search takes, never what
  // it finds.
  bool has_sketch = false;

  bool operator==(const Field&) const = default;
};

// Where in a sketch (store.h) its slip stands, counted from its end; its scale comes after.
inline constexpr size_t kSlipFromEnd = 2 * sizeof(float);

inline constexpr uint32_t kMaxDim = 65536;
inline constexpr size_t kMaxFields = 8;
inline constexpr float kMaxMagnitude = 1e15f;  // in a kDot field: no dot product can overflow
inline constexpr size_t kMaxNameBytes = 64;    // of a field's name, UTF-8

// Rows of a block: the `count` whose numbers are in `which`, ascending; all of its first `count`
// where there is no `which`.
struct Picks {
  const uint32_t* which;
  size_t count;

  size_t operator[](size_t i) const { return which == nullptr ? i : which[i]; }
};

struct ScoredRow {
  RowId id;
  double score;
};

// The one rule for order and ties, on every kernel: score descending, then id ascending.
inline bool ranks_before(const ScoredRow& a, const ScoredRow& b) {
  return a.score != b.score ? a.score > b.score : a.id < b.id;
}

}  // namespace nearsight
