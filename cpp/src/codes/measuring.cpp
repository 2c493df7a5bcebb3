#include "measuring.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace nearsight {
namespace {

constexpr size_t kAsked = 256;       // rows
constexpr size_t kTogether = 16;     // of them, that look at the others together
constexpr size_t kAtOnce = 64;       // rows that they look at
constexpr float kUsualReach = 3.5f;  // of a search: it puts the lists in order
constexpr size_t kMost = kReachKs[kReachKCount - 1];

struct Near {
  float score;
  uint64_t slot;
  bool operator>(const Near& other) const { return score > other.score; }
};

struct Asked {
  uint64_t slot;
  std::vector<float> numbers;
  std::vector<Near> best;  // a heap with the worst on top, then best first

  void offer(const Near& row) {
    if (row.slot == slot || (best.size() == kMost && !(row > best.front()))) return;
    if (best.size() == kMost) {
      std::pop_heap(best.begin(), best.end(), std::greater<>());
      best.pop_back();
    }
    best.push_back(row);
    std::push_heap(best.begin(), best.end(), std::greater<>());
  }
};

void look_at_all(const CodedRows& rows, Asked* asked, size_t count) {
  const uint16_t* pointers[kAtOnce];
  float scores[kAtOnce];
  for (uint64_t slot = 0; slot < rows.header.rows; slot += kAtOnce) {
    const size_t some = std::min<uint64_t>(kAtOnce, rows.header.rows - slot);
    for (size_t i = 0; i < some; ++i) pointers[i] = rows.row(slot + i);
    for (Asked* one = asked; one < asked + count; ++one) {
      rows.kernels.score_apart(one->numbers.data(), pointers, some, rows.header.dim, scores);
      for (size_t i = 0; i < some; ++i) one->offer({scores[i], slot + i});
    }
  }
  for (Asked* one = asked; one < asked + count; ++one)
    std::sort_heap(one->best.begin(), one->best.end(), std::greater<>());
}

// Of the lists of a query's best rows, by row: the centroid's score, how wide the list is along the
// query, and when a search comes to it.
struct Lists {
  std::vector<float> centres, widths, promises;
};

Lists lists_of(const CodedRows& rows, const Asked& asked) {
  const size_t wide = rows.rotation.rotated_dim();
  const auto* const entries = rows.at<ListEntry>(rows.layout.entries);
  std::vector<float> rotated(wide);
  rows.rotation.apply(asked.numbers.data(), rotated.data());
  const float spread =
      spread_along(rows.at<uint16_t>(rows.layout.spread), rotated.data(), wide, rows.kernels);
  std::vector<const uint16_t*> centroids;
  Lists lists;
  for (const Near& row : asked.best) {
    const auto next = std::upper_bound(
        entries, entries + rows.header.lists, row.slot,
        [](uint64_t slot, const ListEntry& entry) { return slot < entry.first_slot; });
    const auto list = static_cast<uint64_t>(next - entries) - 1;
    centroids.push_back(rows.at<uint16_t>(rows.layout.centroids) + list * wide);
    lists.widths.push_back(spread * entries[list].radius() + 1e-12f);
  }
  lists.centres.resize(centroids.size());
  rows.kernels.score_apart(rotated.data(), centroids.data(), centroids.size(), wide,
                           lists.centres.data());
  for (size_t i = 0; i < centroids.size(); ++i)
    lists.promises.push_back(lists.centres[i] + kUsualReach * lists.widths[i]);
  return lists;
}

// The reach that each of the k best of a query needs: its list has to promise the k-th best score
// of the lists that come before. None comes before the first, which is looked into anyway.
void keep(const Asked& asked, const Lists& lists, size_t k, float* needed) {
  const std::vector<Near>& best = asked.best;
  const float first = *std::max_element(lists.promises.begin(), lists.promises.end());
  for (size_t i = 0; i < k; ++i) {
    size_t before = 0, kth = 0;
    for (; kth + 1 < best.size() && before < k; ++kth)
      before += static_cast<size_t>(lists.promises[kth] > lists.promises[i]);
    if (before == k) --kth;
    const bool is_first = lists.promises[i] == first;
    const float reach = (best[kth].score - lists.centres[i]) / lists.widths[i];
    needed[i] = is_first ? 0 : std::clamp(reach, 0.0f, kMostReach);
  }
}

void ask_some(const CodedRows& rows, Asked* asked, size_t count) {
  for (Asked* one = asked; one < asked + count; ++one) {
    one->numbers.resize(rows.header.dim);
    rows.kernels.widen(rows.row(one->slot), rows.header.dim, one->numbers.data());
  }
  look_at_all(rows, asked, count);
}

void take_shares(std::vector<float>& needed, float* shares) {
  std::sort(needed.begin(), needed.end());
  for (size_t i = 0; i < kReachShareCount; ++i) {
    const auto rank = std::ceil(kReachShares[i] * static_cast<float>(needed.size()));
    shares[i] = needed[std::clamp<size_t>(static_cast<size_t>(rank), 1, needed.size()) - 1];
  }
}

}  // namespace

float spread_along(const uint16_t* sample, const float* rotated, size_t wide,
                   const CodeKernels& kernels) {
  float dots[kSpreadRows];
  const uint16_t* rows[kSpreadRows];
  for (size_t i = 0; i < kSpreadRows; ++i) rows[i] = sample + i * wide;
  kernels.score_apart(rotated, rows, kSpreadRows, wide, dots);
  float squares = 0;
  for (const float dot : dots) squares += dot * dot;
  return std::sqrt(squares / kSpreadRows);
}

Status measure(const CodedRows& rows, size_t threads, Progress& progress, float from, float until,
               Reaches& reaches) {
  reaches = {};
  const size_t others = rows.header.rows - 1;
  if (others == 0 || rows.header.lists == 1) return Status::ok();
  std::vector<Asked> asked(std::min<uint64_t>(kAsked, rows.header.rows));
  for (size_t i = 0; i < asked.size(); ++i) asked[i].slot = i * rows.header.rows / asked.size();
  std::vector<float> needed[kReachKCount];
  for (size_t kind = 0; kind < kReachKCount; ++kind)
    needed[kind].resize(asked.size() * std::min(kReachKs[kind], others));
  const size_t tasks = (asked.size() + kTogether - 1) / kTogether;
  Status status = run_tasks(tasks, threads, progress, from, until, [&](size_t, size_t task) {
    const size_t first = task * kTogether, end = std::min(asked.size(), first + kTogether);
    ask_some(rows, asked.data() + first, end - first);
    for (size_t i = first; i < end; ++i) {
      const Lists lists = lists_of(rows, asked[i]);
      for (size_t kind = 0; kind < kReachKCount; ++kind) {
        const size_t k = std::min(kReachKs[kind], others);
        keep(asked[i], lists, k, needed[kind].data() + i * k);
      }
    }
    return Status::ok();
  });
  for (size_t kind = 0; kind < kReachKCount && status.is_ok(); ++kind)
    take_shares(needed[kind], reaches.needed[kind]);
  return status;
}

}  // namespace nearsight
