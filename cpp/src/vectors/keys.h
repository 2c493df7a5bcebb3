// The caller's keys: how one travels with its row, and which row has it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "nearsight/index.h"
#include "nearsight/vectors.h"

namespace nearsight {

// The key is a second field of the row, so that one manifest makes both seen or neither: four
// numbers of 16 bits each, which f32 holds exactly.
inline constexpr uint32_t kKeyDim = 4;
inline constexpr size_t kVectorField = 0, kKeyField = 1;

std::vector<float> packed(std::span<const Key> keys);
Key unpacked(const float* numbers);

// The keys of rows, in their order.
Result<std::vector<Key>> keys_of(const Snapshot& snapshot, std::span<const RowId> rows);

// From a key to its row: open addressing, at most half full.
class KeyTable {
 public:
  Status load(const Snapshot& snapshot);

  RowId find(Key key) const;  // 0: nobody has it
  void put(Key key, RowId row);
  void drop(Key key);
  void reserve(size_t more);

 private:
  struct Entry {
    Key key;
    RowId row;  // 0: never used; kGone: used once
  };
  static constexpr RowId kGone = ~RowId{0};
  size_t slot_of(Key key) const;  // where it is or would be put
  void grow(size_t slots);

  std::vector<Entry> entries_;
  size_t used_ = 0;  // entries that were ever used
};

}  // namespace nearsight
