#include "blocks.h"

#include <algorithm>
#include <bit>

namespace nearsight {
namespace {

constexpr size_t kWordBits = 64;

// A block is scored and ranked before the next is read: it stays in the second-level cache when
// several terms read it or when its checksum is taken first.
constexpr size_t kReadBytes = size_t{128} << 10;

// What one thread does before it asks for more: long beside the asking, short beside a search.
constexpr size_t kTaskBytes = size_t{2} << 20;

// Rows that are left out cost about as much as reading them where rows are short: the memory's
// stream is broken. Measured: of rows up to this size from 3/8 on, of longer ones from 3/4 on.
constexpr size_t kShortRowBytes = 1024;

bool is_dense(size_t picked, size_t span, size_t row_bytes) {
  return picked * 8 >= span * (row_bytes <= kShortRowBytes ? 3 : 6);
}

}  // namespace

Selection::Selection(const Contents& contents, const RowMask* mask, size_t row_bytes)
    : contents_(contents),
      live_(contents.live.words().data()),
      mask_(mask == nullptr ? nullptr : mask->words().data()),
      words_(contents.live.words().size()),
      row_bytes_(row_bytes),
      rows_at_once_(std::clamp<size_t>(kReadBytes / row_bytes, 1, Scorer::kMaxBlockRows)),
      task_words_(std::max<size_t>(1, kTaskBytes / row_bytes / kWordBits)) {}

size_t Selection::tasks() const { return (words_ + task_words_ - 1) / task_words_; }

Blocks::Blocks(const Selection& selection, size_t task)
    : selection_(selection),
      word_(task * selection.task_words_),
      end_(std::min(word_ + selection.task_words_, selection.words_)) {
  const std::span<const PlacedPart> parts = selection.contents_.parts;
  part_ = std::partition_point(parts.begin(), parts.end(), [&](const PlacedPart& part) {
    return part.end() <= word_ * kWordBits;
  });
}

bool Blocks::next() {
  if (taken_ == count_ && !gather()) return false;
  cut();
  return true;
}

// Picks from the next words that have any; false at the end of the task.
bool Blocks::gather() {
  const size_t at_once = std::max<size_t>(1, selection_.rows_at_once_ / kWordBits);
  taken_ = count_ = 0;
  while (count_ == 0 && word_ < end_) {
    while (part_->end() <= word_ * kWordBits) ++part_;
    const size_t part_end = (part_->end() + kWordBits - 1) / kWordBits;
    base_ = word_ * kWordBits - part_->begin;
    word_ += gather_words(std::min({at_once, part_end - word_, end_ - word_}));
  }
  return count_ > 0;
}

size_t Blocks::gather_words(size_t words) {
  for (size_t i = 0; i < words; ++i) {
    const auto first = static_cast<uint32_t>(i * kWordBits);
    uint64_t bits = selection_.word(word_ + i);
    if (bits == ~uint64_t{0}) {
      for (uint32_t bit = 0; bit < kWordBits; ++bit) picks_[count_ + bit] = first + bit;
      count_ += kWordBits;
      continue;
    }
    for (; bits != 0; bits &= bits - 1) {
      picks_[count_++] = first + static_cast<uint32_t>(std::countr_zero(bits));
    }
  }
  return words;
}

// The next of the gathered picks as a block that counts from the first of them.
void Blocks::cut() {
  uint32_t* const picks = picks_.data() + taken_;
  const size_t count = std::min(count_ - taken_, selection_.rows_at_once_);
  const uint32_t first = picks[0];
  const size_t span = picks[count - 1] - first + 1;
  for (size_t i = 0; i < count; ++i) picks[i] -= first;
  taken_ += count;
  block_ = {&*part_,
            base_ + first,
            span,
            {span == count ? nullptr : picks, count},
            is_dense(count, span, selection_.row_bytes_)};
}

}  // namespace nearsight
