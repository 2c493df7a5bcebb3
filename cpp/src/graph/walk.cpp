#include "walk.h"

#include <algorithm>
#include <cmath>

namespace nearsight {
namespace {

constexpr size_t kAtOnce = 256;     // rows of a scan that are scored together
constexpr size_t kSpareTwins = 64;  // more twins than that beyond the k best are not looked at

bool is_better(const Walk::Near& a, const Walk::Near& b) {
  return a.score != b.score ? a.score > b.score : a.place < b.place;
}
bool is_worse(const Walk::Near& a, const Walk::Near& b) { return is_better(b, a); }

}  // namespace

Status Walk::find(size_t breadth, size_t limit) {
  breadth_ = breadth;
  visited_.assign((view_.rows + 63) / 64, 0);
  ahead_.clear();
  best_.clear();
  gave_up_ = false;
  const size_t before = scored_;
  uint32_t place = view_.entry;
  float score = 0;
  if (Status status = descend(place, score); !status.is_ok()) return status;
  (void)is_new(place);
  if (Status status = offer({score, place}); !status.is_ok()) return status;
  while (!ahead_.empty()) {
    const Near next = ahead_.front();
    if (best_.size() == breadth_ && is_better(best_.front(), next)) break;
    gave_up_ = scored_ - before > limit;
    if (gave_up_) break;
    std::pop_heap(ahead_.begin(), ahead_.end(), is_worse);
    ahead_.pop_back();
    if (Status status = look_around(next.place); !status.is_ok()) return status;
  }
  return Status::ok();
}

// On the upper levels, which hold fewer rows the higher they are, the best neighbour is enough.
Status Walk::descend(uint32_t& place, float& score) {
  near_.assign(1, place);
  if (Status status = score_all(near_); !status.is_ok()) return status;
  score = scores_[0];
  for (size_t level = view_.levels; level > 0; --level) {
    for (bool is_nearer = true; is_nearer;) {
      is_nearer = false;
      auto links = view_.links(place, level);
      if (!links.is_ok()) return links.status();
      const uint32_t* const list = links.value();
      near_.assign(list + 1, list + 1 + list[0]);
      if (Status status = score_all(near_); !status.is_ok()) return status;
      for (size_t i = 0; i < near_.size(); ++i) {
        if (!(scores_[i] > score)) continue;
        score = scores_[i];
        place = near_[i];
        is_nearer = true;
      }
    }
  }
  return Status::ok();
}

Status Walk::look_around(uint32_t place) {
  auto links = view_.links(place, 0);
  if (!links.is_ok()) return links.status();
  const uint32_t* const list = links.value();
  near_.clear();
  for (size_t i = 1; i <= list[0]; ++i)
    if (is_new(list[i])) near_.push_back(list[i]);
  if (!ahead_.empty()) {
    const uint32_t* const next = view_.ground(ahead_.front().place);
    for (size_t i = 0; i < kGroundList; i += 16) __builtin_prefetch(next + i);
  }
  if (Status status = score_all(near_); !status.is_ok()) return status;
  for (size_t i = 0; i < near_.size(); ++i)
    if (Status status = offer({scores_[i], near_[i]}); !status.is_ok()) return status;
  return Status::ok();
}

Status Walk::score_all(const std::vector<uint32_t>& places) {
  rows_.clear();
  for (const uint32_t place : places) {
    if (Status status = view_.check_row(place); !status.is_ok()) return status;
    rows_.push_back(view_.row(place));
  }
  scores_.resize(std::max(scores_.size(), places.size()));
  if (!places.empty())
    kernels_.score_apart(query_, rows_.data(), rows_.size(), view_.dim, scores_.data());
  for (size_t i = 0; i < places.size(); ++i)  // NaN has no place in an order
    if (!(std::fabs(scores_[i]) < 2)) return Status::corruption("a graph file is damaged (rows)");
  scored_ += places.size();
  return Status::ok();
}

Status Walk::offer(Near row) {
  if (best_.size() == breadth_ && !is_better(row, best_.front())) return Status::ok();
  ahead_.push_back(row);
  std::push_heap(ahead_.begin(), ahead_.end(), is_worse);
  auto does_count = counts(row.place);
  if (!does_count.is_ok()) return does_count.status();
  if (does_count.value()) keep(row);
  return Status::ok();
}

void Walk::keep(Near row) {
  if (best_.size() == breadth_) {
    if (!is_better(row, best_.front())) return;
    std::pop_heap(best_.begin(), best_.end(), is_better);
    best_.pop_back();
  }
  best_.push_back(row);
  std::push_heap(best_.begin(), best_.end(), is_better);
}

// Does the row count, or one of its twins?
Result<bool> Walk::counts(uint32_t place) const {
  if (countable_ == nullptr) return true;
  while (!(*countable_)(place)) {
    auto twin = view_.twin(place);
    if (!twin.is_ok()) return twin.status();
    if (twin.value() == 0) return false;
    place = twin.value();
  }
  return true;
}

Status Walk::scan(size_t breadth, const RowMask* allowed) {
  breadth_ = breadth;
  best_.clear();
  const auto all = static_cast<size_t>(view_.rows);
  const auto next = [&](size_t from) {
    return allowed == nullptr ? from : allowed->next_set(from, all);
  };
  for (size_t place = next(0); place < all;) {
    near_.clear();
    for (; place < all && near_.size() < kAtOnce; place = next(place + 1))
      near_.push_back(static_cast<uint32_t>(place));
    if (Status status = score_all(near_); !status.is_ok()) return status;
    for (size_t i = 0; i < near_.size(); ++i)
      if (countable_ == nullptr || (*countable_)(near_[i])) keep({scores_[i], near_[i]});
  }
  return Status::ok();
}

std::vector<Walk::Near> Walk::take_best() {
  std::sort(best_.begin(), best_.end(), is_better);
  return std::move(best_);
}

Result<std::vector<Walk::Near>> Walk::take_best_with_twins(size_t count, float margin) {
  std::vector<Near> all;
  for (const Near& row : take_best()) {
    if (all.size() >= count && row.score < all[count - 1].score - margin) break;
    for (uint32_t place = row.place;;) {
      if (countable_ == nullptr || (*countable_)(place)) all.push_back({row.score, place});
      auto twin = view_.twin(place);
      if (!twin.is_ok()) return twin.status();
      place = twin.value();
      if (place == 0 || all.size() >= count + kSpareTwins) break;
    }
  }
  std::sort(all.begin(), all.end(), is_better);
  return all;
}

}  // namespace nearsight
