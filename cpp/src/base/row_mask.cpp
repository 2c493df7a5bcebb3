#include "nearsight/row_mask.h"

#include <algorithm>
#include <bit>

namespace nearsight {
namespace {

size_t words_for(size_t size) { return (size + 63) / 64; }

// std::popcount in plain steps, which compilers do for several words at once: not every baseline
// CPU has an instruction for it.
uint64_t bits_in(uint64_t word) {
  word -= word >> 1 & 0x5555555555555555;
  word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
  word += word >> 8;
  word += word >> 16;
  return (word + (word >> 32)) & 0x7f;
}

// The bits of [begin, end) that lie in word `index`. REQUIRES that at least one does.
uint64_t bits_within(size_t index, size_t begin, size_t end) {
  uint64_t bits = ~uint64_t{0};
  if (begin > index * 64) bits &= ~uint64_t{0} << (begin - index * 64);
  if (end < index * 64 + 64) bits &= ~uint64_t{0} >> (index * 64 + 64 - end);
  return bits;
}

// The first position of [from, end) whose bit is set in word ^ flipped.
size_t next_in(std::span<const uint64_t> words, uint64_t flipped, size_t from, size_t end) {
  for (size_t index = from / 64; index * 64 < end && from < end; ++index) {
    const uint64_t word = (words[index] ^ flipped) & bits_within(index, from, end);
    if (word != 0) return index * 64 + static_cast<size_t>(std::countr_zero(word));
  }
  return end;
}

}  // namespace

RowMask::RowMask(size_t size, bool value, uint64_t snapshot)
    : size_(size), snapshot_(snapshot), words_(words_for(size), value ? ~uint64_t{0} : 0) {
  clear_past_size();
}

size_t RowMask::count() const {
  uint64_t count = 0;
  for (const uint64_t word : words_) count += bits_in(word);
  return count;
}

size_t RowMask::count_in(size_t begin, size_t end) const {
  size_t count = 0;
  for (size_t index = begin / 64; begin < end && index * 64 < end; ++index) {
    count += static_cast<size_t>(std::popcount(words_[index] & bits_within(index, begin, end)));
  }
  return count;
}

void RowMask::set_range(size_t begin, size_t end) {
  for (size_t index = begin / 64; begin < end && index * 64 < end; ++index) {
    words_[index] |= bits_within(index, begin, end);
  }
}

void RowMask::resize(size_t size) {
  words_.resize(words_for(size), 0);
  size_ = size;
  clear_past_size();
}

size_t RowMask::next_set(size_t from, size_t end) const { return next_in(words_, 0, from, end); }

size_t RowMask::next_clear(size_t from, size_t end) const {
  return next_in(words_, ~uint64_t{0}, from, end);
}

RowMask& RowMask::operator&=(const RowMask& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  return *this;
}

RowMask& RowMask::operator|=(const RowMask& other) {
  for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  return *this;
}

void RowMask::flip() {
  for (uint64_t& word : words_) word = ~word;
  clear_past_size();
}

void RowMask::clear_past_size() {
  if (size_ % 64 != 0) words_.back() &= bits_within(words_.size() - 1, 0, size_);
}

}  // namespace nearsight
