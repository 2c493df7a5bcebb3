// A bit per row position of one snapshot: the only thing that passes from filters to ranking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nearsight {

// A value: copy it, combine it, share it between threads once built. Bits past size() are zero.
// A mask means something only beside the snapshot that it was made from: snapshot() is that one's
// serial number, unique within the process (0: of none).
class RowMask {
 public:
  explicit RowMask(size_t size, bool value = false, uint64_t snapshot = 0);

  size_t size() const { return size_; }
  uint64_t snapshot() const { return snapshot_; }
  size_t count() const;  // rows that are set
  size_t count_in(size_t begin, size_t end) const;
  bool test(size_t position) const { return words_[position >> 6] >> (position & 63) & 1; }
  void set(size_t position) { words_[position >> 6] |= uint64_t{1} << (position & 63); }
  void clear(size_t position) { words_[position >> 6] &= ~(uint64_t{1} << (position & 63)); }
  void set_range(size_t begin, size_t end);
  void resize(size_t size);  // new positions are clear

  // The first position of [from, end) that is set (or clear), or end. Whole words are skipped, so
  // walking the runs of a mask costs what its words and its runs cost.
  size_t next_set(size_t from, size_t end) const;
  size_t next_clear(size_t from, size_t end) const;
  bool any_in(size_t begin, size_t end) const { return next_set(begin, end) < end; }

  // 64 positions a word, lowest bit first.
  std::span<const uint64_t> words() const { return words_; }
  std::span<uint64_t> words() { return words_; }

  // REQUIRES other.size() == size() (the index refuses masks of another snapshot before).
  RowMask& operator&=(const RowMask& other);
  RowMask& operator|=(const RowMask& other);
  void flip();

 private:
  void clear_past_size();

  size_t size_;
  uint64_t snapshot_;
  std::vector<uint64_t> words_;
};

}  // namespace nearsight
