#include "probe.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "coarse.h"
#include "measuring.h"

namespace nearsight {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr size_t kAtOnce = 16;      // rows between two looks at the k-th best score
constexpr size_t kFirstLists = 48;  // measured before the first is looked into
constexpr uint32_t kFewInBlock = 2;
// So many allowed rows, or so many of each list, are scored without looking at lists. Measured at
// 100 000 rows of 512 numbers with random masks: both ways cost the same at about 2.4 of each list.
constexpr size_t kFew = 1000, kFewOfList = 2;
// The share of the rows that may be missed that may lie in lists that are not looked into (the sum
// of what they may hold is on the safe side, so that there is room for the other loss). It is taken
// where a search would end; the first guess is that so many lists are nearly worth a look then.
constexpr float kListsLoss = 1;
constexpr float kLastLists = 3;
constexpr float kNearLoss =
    0.5f;  // how often a bound fails; rows well above the k-th best survive it
constexpr float kFurther = 0.3f;  // deviations, where the sum says that the guess was too bold
// What rounding to f16 can change in a score of unit vectors.
constexpr float kRounding = 0x1p-11f;
constexpr float kCoarseError = 0.6f;  // of an estimate over its factor: sqrt(1 - 0.8^2), see code.h

// The share of a normal distribution above z standard deviations, and back (Abramowitz and Stegun
// 26.2.17 and 26.2.23; good to 1e-3 of z, which is far below what the model behind it is good to).
float above(float z) { return 0.5f * std::erfc(z * 0.70710678f); }

// The same from a table, for the thousands of lists of a sum.
class Tail {
 public:
  Tail() {
    for (size_t i = 0; i < kSteps; ++i) shares_[i] = above(static_cast<float>(i) / kPerUnit);
  }
  float operator()(float z) const {
    if (!(z > 0)) return 1;  // its centroid is above already
    const auto i = static_cast<size_t>(std::min(z * kPerUnit, kSteps - 1.0f));
    return shares_[i];
  }

 private:
  static constexpr size_t kSteps = 160;
  static constexpr float kPerUnit = 24;
  float shares_[kSteps];
};

float deviations_for(float share) {
  if (share >= 0.5f) return 0;
  const float t = std::sqrt(-2 * std::log(share));
  return t - (2.515517f + t * (0.802853f + t * 0.010328f)) /
                 (1 + t * (1.432788f + t * (0.189269f + t * 0.001308f)));
}

}  // namespace

Probe::Probe(const Codes::Parts& parts, const CodesQuestion& question)
    : parts_(parts),
      question_(question),
      rotated_(parts.wide()),
      tables_(parts.wide()),
      least_(kNever) {
  size_t matches = question.allowed != nullptr ? question.allowed->count() : parts.header.rows;
  room_ = std::min(question.k, matches);
  const float missed = 1 - question.recall;
  const float rows = static_cast<float>(matches) / static_cast<float>(parts.header.lists);
  may_miss_ = kListsLoss * missed * static_cast<float>(question.k);
  reach_ = deviations_for(may_miss_ / (kLastLists * std::max(1.0f, rows)));
  // The k best of a tenth of the rows are among the 10 k best of all, if chance chose the tenth.
  near_ = static_cast<float>(question.k);
  far_ = near_ * static_cast<float>(parts.header.rows) /
         static_cast<float>(std::max<size_t>(1, matches));
  for (const float k : {near_, far_})
    reach_ = std::max(reach_, parts.header.reaches.reach_for(k, question.recall));
  doubt_ = deviations_for(kNearLoss * missed);
}

Result<CodesAnswer> Probe::run() {
  if (Status status = parts_.check_coarse(); !status.is_ok()) return status;
  parts_.rotation.apply(question_.query, rotated_.data());
  const size_t few = std::max(kFew, kFewOfList * parts_.header.lists);
  if (question_.allowed != nullptr && question_.allowed->count_ <= few) return gather();
  tables_.fill(rotated_.data());
  if (Status status = walk(); !status.is_ok()) return status;
  return answer();
}

Result<CodesAnswer> Probe::gather() {
  const ListEntry* const entries = parts_.entries();
  const CodeMask& allowed = *question_.allowed;
  for (size_t list = 0; list < parts_.header.lists; ++list) {
    if (allowed.in_list_[list] == 0) continue;
    const ListEntry& entry = entries[list];
    for (uint64_t block = entry.first_block; block < entries[list + 1].first_block; ++block)
      for (uint32_t bits = allowed.blocks_[block]; bits != 0; bits &= bits - 1) {
        const auto within = (block - entry.first_block) * kBlockRows +
                            static_cast<uint64_t>(std::countr_zero(bits));
        candidates_.push_back({-kNever, static_cast<uint32_t>(entry.first_slot + within)});
      }
  }
  if (Status status = score_candidates(true); !status.is_ok()) return status;
  visited_ = parts_.header.lists;
  return answer();
}

void Probe::promise_all() {
  spread_ = spread_along(parts_.at<uint16_t>(parts_.layout.spread), rotated_.data(), parts_.wide(),
                         parts_.kernels);
  const CoarseView view = {parts_.at<float>(parts_.layout.mean), parts_.coarse(),
                           parts_.centroid(0), parts_.header.lists, parts_.wide()};
  estimate_lists(view, parts_.kernels, rotated_.data(), tables_, promises_, hits_);
  float factors = 0;
  for (size_t list = 0; list < view.lists; ++list) factors += view.codes.factors[list];
  coarse_doubt_ = kCoarseError * factors / static_cast<float>(view.lists);
  const ListEntry* const entries = parts_.entries();
  promises_.resize(parts_.header.lists);
  for (size_t list = 0; list < promises_.size(); ++list) {
    promises_[list] += reach_ * spread_ * entries[list].radius();
    if (entries[list].first_slot == entries[list + 1].first_slot) promises_[list] = kNever;
    if (question_.allowed != nullptr && question_.allowed->in_list_[list] == 0)
      promises_[list] = kNever;
  }
}

bool Probe::more_lists() {
  const size_t known = order_.size(), wanted = std::max(kFirstLists, known);
  const float least = threshold_of(promises_.data(), promises_.size(), wanted, scores_);
  for (size_t list = 0; list < promises_.size(); ++list) {
    if (promises_[list] < least || promises_[list] == kNever) continue;
    order_.push_back({0, 0, static_cast<uint32_t>(list)});
    promises_[list] = kNever;
  }
  const size_t count = order_.size() - known;
  std::vector<const uint16_t*> rows(count);
  for (size_t i = 0; i < count; ++i) rows[i] = parts_.centroid(order_[known + i].number);
  std::vector<float> dots(count);
  parts_.kernels.score_apart(rotated_.data(), rows.data(), count, parts_.wide(), dots.data());
  for (size_t i = 0; i < count; ++i) {
    List& list = order_[known + i];
    list.centre = dots[i];
    list.promise = dots[i] + reach_ * spread_ * parts_.entries()[list.number].radius();
  }
  std::sort(order_.begin() + static_cast<ptrdiff_t>(visited_), order_.end(),
            [](const List& a, const List& b) { return a.promise > b.promise; });
  unmeasured_ = count > 0 && least > kNever ? least + coarse_doubt_ : kNever;
  return count > 0;
}

Status Probe::walk() {
  promise_all();
  size_t until = 2;  // candidates are scored when so many lists were looked into
  while (visited_ < order_.size() || more_lists()) {
    if (order_[visited_].promise < least_) {
      if (unmeasured_ >= least_) {
        more_lists();
      } else if (expected_missed() > may_miss_) {
        reach_further();
      } else {
        break;
      }
      continue;
    }
    const List& list = order_[visited_];
    if (visited_ + 1 < order_.size()) {
      const CodeBlocks next =
          parts_.blocks(parts_.entries()[order_[visited_ + 1].number].first_block, 1);
      for (size_t i = 0; i < 1024; i += 64) __builtin_prefetch(next.codes + i);
    }
    if (Status status = look_into(list); !status.is_ok()) return status;
    if (++visited_ < until) continue;
    if (Status status = score_candidates(false); !status.is_ok()) return status;
    until = visited_ + std::max<size_t>(2, visited_ / 2);
  }
  return score_candidates(false);
}

Status Probe::look_into(const List& list) {
  const ListEntry* const entry = parts_.entries() + list.number;
  const uint64_t blocks = entry[1].first_block - entry->first_block;
  if (Status status = parts_.check_blocks(entry->first_block, blocks); !status.is_ok())
    return status;
  const CodeBlocks codes = parts_.blocks(entry->first_block, blocks);
  if (question_.allowed != nullptr) {
    look_at_allowed(list, codes);
    return Status::ok();
  }
  scores_.resize(std::max<size_t>(scores_.size(), blocks * kBlockRows));
  hits_.resize(std::max<size_t>(hits_.size(), blocks));
  const CodeQuery query = tables_.query(doubt_ * entry->error);
  parts_.kernels.scan(&query, &codes, list.centre, least_, scores_.data(), hits_.data());
  const uint64_t count = entry[1].first_slot - entry->first_slot;
  for (size_t block = 0; block < blocks; ++block)
    if (hits_[block] != 0) collect(entry->first_slot, count, block, hits_[block]);
  return Status::ok();
}

// A block of which few rows are allowed is not worth its scan: these are scored at once.
void Probe::look_at_allowed(const List& list, const CodeBlocks& blocks) {
  const ListEntry* const entry = parts_.entries() + list.number;
  const uint64_t count = entry[1].first_slot - entry->first_slot;
  scores_.resize(std::max<size_t>(scores_.size(), blocks.count * kBlockRows));
  const CodeQuery query = tables_.query(doubt_ * entry->error);
  for (size_t block = 0; block < blocks.count; ++block) {
    const uint32_t allowed = question_.allowed->blocks_[entry->first_block + block];
    if (allowed == 0) continue;
    uint32_t hits = allowed;
    if (static_cast<uint32_t>(std::popcount(allowed)) <= kFewInBlock) {
      std::fill_n(scores_.data() + block * kBlockRows, kBlockRows, -kNever);
    } else {
      const CodeBlocks one = parts_.blocks(entry->first_block + block, 1);
      parts_.kernels.scan(&query, &one, list.centre, least_, scores_.data() + block * kBlockRows,
                          &hits);
      hits &= allowed;
    }
    if (hits != 0) collect(entry->first_slot, count, block, hits);
  }
}

void Probe::collect(uint64_t first_slot, uint64_t count, size_t block, uint32_t hits) {
  for (; hits != 0; hits &= hits - 1) {
    const uint64_t row = block * kBlockRows + static_cast<uint64_t>(std::countr_zero(hits));
    if (row < count) candidates_.push_back({scores_[row], static_cast<uint32_t>(first_slot + row)});
  }
}

Status Probe::score_candidates(bool all) {
  if (!all) {
    std::sort(candidates_.begin(), candidates_.end(),
              [](const Candidate& a, const Candidate& b) { return a.upper > b.upper; });
  }
  for (size_t i = 0; i < candidates_.size(); i += kAtOnce) {
    if (candidates_[i].upper < least_) break;
    const size_t count = std::min(kAtOnce, candidates_.size() - i);
    if (Status status = score_some(candidates_.data() + i, count); !status.is_ok()) return status;
  }
  candidates_.clear();
  return Status::ok();
}

Status Probe::score_some(const Candidate* from, size_t count) {
  const uint16_t* rows[kAtOnce] = {};
  float scores[kAtOnce];
  for (size_t i = 0; i < count; ++i) {
    if (Status status = parts_.check_vector(from[i].slot); !status.is_ok()) return status;
    rows[i] = parts_.vector(from[i].slot);
  }
  parts_.kernels.score_apart(question_.query, rows, count, parts_.header.dim, scores);
  scored_ += count;
  for (size_t i = 0; i < count; ++i) {
    if (scores[i] < least_ - kRounding) continue;
    if (Status status = parts_.check_slots(from[i].slot, 1); !status.is_ok()) return status;
    offer(parts_.row_id(from[i].slot), scores[i]);
  }
  return Status::ok();
}

// Rows that the k best beat by no more than rounding are kept beside them.
void Probe::offer(RowId id, float score) {
  if (question_.erased != nullptr && question_.erased->test(id - parts_.header.first_row)) return;
  ScoredRow row{id, score};
  if (best_.size() == room_) {
    if (ranks_before(row, best_.front())) {
      std::pop_heap(best_.begin(), best_.end(), ranks_before);
      std::swap(row, best_.back());
      std::push_heap(best_.begin(), best_.end(), ranks_before);
    }
    if (row.score >= best_.front().score - kRounding) spare_.push_back(row);
  } else {
    best_.push_back(row);
    std::push_heap(best_.begin(), best_.end(), ranks_before);
  }
  if (best_.size() == room_) least_ = static_cast<float>(best_.front().score);
}

// Rows above the k-th best score in the lists that were not looked into, if the rows of each lie
// around its centroid as a normal distribution of its radius.
float Probe::expected_missed() const {
  static const Tail tail;
  const ListEntry* const entries = parts_.entries();
  float missed = 0;
  const auto add = [&](size_t list, float centre) {
    const float width = spread_ * entries[list].radius() + 1e-12f;
    const uint64_t rows = question_.allowed != nullptr
                              ? question_.allowed->in_list_[list]
                              : entries[list + 1].first_slot - entries[list].first_slot;
    missed += tail((least_ - centre) / width) * static_cast<float>(rows);
  };
  for (size_t i = visited_; i < order_.size(); ++i) add(order_[i].number, order_[i].centre);
  for (size_t list = 0; list < promises_.size(); ++list) {
    if (promises_[list] != kNever)
      add(list, promises_[list] - reach_ * spread_ * entries[list].radius());
  }
  return missed;
}

void Probe::reach_further() {
  const ListEntry* const entries = parts_.entries();
  reach_ += kFurther;
  for (size_t i = visited_; i < order_.size(); ++i)
    order_[i].promise += kFurther * spread_ * entries[order_[i].number].radius();
  unmeasured_ = kNever;
  for (size_t list = 0; list < promises_.size(); ++list) {
    if (promises_[list] == kNever) continue;
    promises_[list] += kFurther * spread_ * entries[list].radius();
    unmeasured_ = std::max(unmeasured_, promises_[list] + coarse_doubt_);
  }
  std::sort(order_.begin() + static_cast<ptrdiff_t>(visited_), order_.end(),
            [](const List& a, const List& b) { return a.promise > b.promise; });
}

CodesAnswer Probe::answer() {
  std::sort_heap(best_.begin(), best_.end(), ranks_before);
  for (const ScoredRow& row : spare_)
    if (row.score >= least_ - kRounding) best_.push_back(row);
  const bool is_all = visited_ == parts_.header.lists;
  return {std::move(best_), is_all ? 1 : expected_recall(), visited_, scored_};
}

// By the model and by what was measured, whichever is less.
float Probe::expected_recall() const {
  float recall = 1 - expected_missed() / static_cast<float>(question_.k);
  for (const float k : {near_, far_})
    recall = std::min(recall, parts_.header.reaches.recall_at(k, reach_));
  return std::max(0.0f, recall);
}

}  // namespace nearsight
