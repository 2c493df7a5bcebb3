#include "keys.h"

#include <algorithm>
#include <bit>

namespace nearsight {

std::vector<float> packed(std::span<const Key> keys) {
  std::vector<float> numbers;
  numbers.reserve(keys.size() * kKeyDim);
  for (const Key key : keys) {
    for (unsigned part = 0; part < kKeyDim; ++part)
      numbers.push_back(static_cast<float>(key >> 16 * part & 0xffff));
  }
  return numbers;
}

Key unpacked(const float* numbers) {
  Key key = 0;
  for (unsigned part = 0; part < kKeyDim; ++part)
    key |= static_cast<Key>(static_cast<uint16_t>(numbers[part])) << 16 * part;
  return key;
}

Result<std::vector<Key>> keys_of(const Snapshot& snapshot, std::span<const RowId> rows) {
  std::vector<float> numbers(rows.size() * kKeyDim);
  if (Status status = snapshot.read(kKeyField, rows, numbers.data()); !status.is_ok())
    return status;
  std::vector<Key> keys(rows.size());
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = unpacked(numbers.data() + i * kKeyDim);
  return keys;
}

Status KeyTable::load(const Snapshot& snapshot) {
  auto rows = snapshot.ids();
  if (!rows.is_ok()) return rows.status();
  const std::span<const RowId> all = rows.value();
  entries_.clear();
  used_ = 0;
  reserve(all.size());
  constexpr size_t kAtOnce = 4096;
  for (size_t begin = 0; begin < all.size(); begin += kAtOnce) {
    const auto some = all.subspan(begin, std::min(kAtOnce, all.size() - begin));
    auto keys = keys_of(snapshot, some);
    if (!keys.is_ok()) return keys.status();
    for (size_t i = 0; i < some.size(); ++i) put(keys.value()[i], some[i]);
  }
  return Status::ok();
}

RowId KeyTable::find(Key key) const {
  if (entries_.empty()) return 0;
  const Entry& entry = entries_[slot_of(key)];
  return entry.key == key && entry.row != kGone ? entry.row : 0;
}

void KeyTable::put(Key key, RowId row) {
  reserve(1);
  Entry& entry = entries_[slot_of(key)];
  used_ += entry.row == 0 ? 1 : 0;
  entry = {key, row};
}

void KeyTable::drop(Key key) {
  Entry& entry = entries_[slot_of(key)];
  if (entry.row != 0 && entry.key == key) entry.row = kGone;
}

void KeyTable::reserve(size_t more) {
  if ((used_ + more) * 2 > entries_.size()) grow(std::bit_ceil((used_ + more) * 2 + 16));
}

// A key that is gone keeps its entry, so that a later search still walks over it; growing forgets.
size_t KeyTable::slot_of(Key key) const {
  const size_t mask = entries_.size() - 1;
  size_t slot = (key * 0x9e3779b97f4a7c15u >> 20) & mask;
  while (entries_[slot].row != 0 && entries_[slot].key != key) slot = (slot + 1) & mask;
  return slot;
}

void KeyTable::grow(size_t slots) {
  std::vector<Entry> old(slots, Entry{0, 0});
  old.swap(entries_);
  used_ = 0;
  for (const Entry& entry : old) {
    if (entry.row == 0 || entry.row == kGone) continue;
    entries_[slot_of(entry.key)] = entry;
    ++used_;
  }
}

}  // namespace nearsight
