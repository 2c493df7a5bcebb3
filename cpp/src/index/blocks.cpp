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

// Tasks of a few picked rows span more words, but there are enough of them to share.
constexpr size_t kMostShare = 32;

// Rows that are left out cost about as much as reading them where rows are short: the memory's
// stream is broken. Measured: of rows up to this size from 3/8 on, of longer ones from 3/4 on.
constexpr size_t kShortRowBytes = 1024;

bool is_dense(size_t picked, size_t span, size_t row_bytes) {
  return span <= Scorer::kMaxBlockRows &&
         picked * 8 >= span * (row_bytes <= kShortRowBytes ? 3 : 6);
}

// Are so few picked that a block of as many as are read at once spans further words?
bool is_sparse(size_t picked, size_t words) { return picked * 8 < words * kWordBits * 3; }

}  // namespace

Selection::Selection(const Contents& contents, const RowMask* mask, size_t row_bytes)
    : contents_(contents),
      live_(contents.live.words().data()),
      mask_(mask == nullptr ? nullptr : mask->words().data()),
      words_(contents.live.words().size()),
      row_bytes_(row_bytes),
      rows_at_once_(std::clamp<size_t>(kReadBytes / row_bytes, 1, Scorer::kMaxBlockRows)) {
  const size_t rows = std::max<size_t>(1, (mask == nullptr ? contents.live : *mask).count());
  const size_t rows_a_task = std::max(kWordBits, kTaskBytes / row_bytes);
  task_words_ =
      std::max(rows_a_task / kWordBits, std::min(rows_a_task * words_ / rows, words_ / kMostShare));
}

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
  taken_ = count_ = 0;
  while (count_ == 0 && word_ < end_) {
    while (part_->end() <= word_ * kWordBits) ++part_;
    const size_t part_end = (part_->end() + kWordBits - 1) / kWordBits;
    base_ = word_ * kWordBits - part_->begin;
    gather_until(std::min(part_end, end_));
  }
  return count_ > 0;
}

// At least as many words as are read at once where all is picked, and while few are, more of them,
// so that what will be read can be asked for long before.
void Blocks::gather_until(size_t end) {
  const size_t at_once = std::max<size_t>(1, selection_.rows_at_once_ / kWordBits);
  const size_t enough = std::min(selection_.rows_at_once_, picks_.size() - kWordBits);
  for (size_t words = 0; word_ < end; ++words, ++word_) {
    const bool is_more_wanted = count_ < enough && is_sparse(count_, words);
    if (words >= at_once && !is_more_wanted) return;
    gather_word(static_cast<uint32_t>(words * kWordBits));
  }
}

void Blocks::gather_word(uint32_t first) {
  uint64_t bits = selection_.word(word_);
  if (bits == ~uint64_t{0}) {
    for (uint32_t bit = 0; bit < kWordBits; ++bit) picks_[count_ + bit] = first + bit;
    count_ += kWordBits;
    return;
  }
  for (; bits != 0; bits &= bits - 1) {
    picks_[count_++] = first + static_cast<uint32_t>(std::countr_zero(bits));
  }
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
