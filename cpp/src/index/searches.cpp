#include <algorithm>
#include <cmath>

#include "block_reads.h"
#include "blocks.h"
#include "contending.h"
#include "door.h"
#include "nearsight/guard.h"
#include "nearsight/index.h"
#include "nearsight/tasks.h"
#include "state.h"

namespace nearsight {
namespace {

// So many queries are scored before a block's scores are looked at.
constexpr size_t kQueriesAtOnce = 64;

Status check_count(size_t count, const char* what) {
  if (count > 0) return Status::ok();
  return Status::invalid_argument(std::string(what) + " is 0: it is at least 1");
}

// The best rows of all workers, whose own are empty then.
std::vector<ScoredRow> joined(std::vector<Best>& bests, size_t offset) {
  for (size_t i = 1; i < bests.size(); ++i) bests[0].join(bests[i]);
  return bests[0].take(offset);
}

// The best rows for each of the queries, by one worker.
class ManyBest {
 public:
  ManyBest(size_t queries, size_t room)
      : bests_(queries, Best(room)), scores_(kQueriesAtOnce * Scorer::kMaxBlockRows) {}

  Status offer(const Block& block, const Kernels& kernels, std::span<const Queries> groups) {
    auto ids = block.part->part->ids(block.row, block.span);
    if (!ids.is_ok()) return ids.status();
    const Picks picks = scored(block);
    auto rows = block.part->part->rows(groups[0].field, block.row, picks);
    if (!rows.is_ok()) return rows.status();
    auto best = bests_.begin();
    for (const Queries& queries : groups) {
      score_rows(kernels, queries, rows.value(), picks, scores_.data());
      for (size_t q = 0; q < queries.count; ++q, ++best) {
        float* const scores = scores_.data() + q * picks.count;
        keep_picked(block, scores);
        best->offer(ids.value(), block.picks, scores);
      }
    }
    return Status::ok();
  }

  void join(ManyBest& other) {
    for (size_t q = 0; q < bests_.size(); ++q) bests_[q].join(other.bests_[q]);
  }

  std::vector<std::vector<ScoredRow>> take() {
    std::vector<std::vector<ScoredRow>> found;
    for (Best& best : bests_) found.push_back(best.take(0));
    return found;
  }

 private:
  std::vector<Best> bests_;
  std::vector<float> scores_;
};

Result<std::vector<Queries>> groups_of(std::span<const Field> fields, const std::string& field,
                                       std::span<const float> queries, size_t count) {
  std::vector<Queries> groups;
  if (queries.size() % std::max<size_t>(1, count) != 0) {
    return Status::invalid_argument(std::to_string(count) + " queries are not " +
                                    std::to_string(queries.size()) + " numbers");
  }
  for (size_t begin = 0; begin < count; begin += kQueriesAtOnce) {
    const size_t dim = queries.size() / count, some = std::min(kQueriesAtOnce, count - begin);
    auto group = ready_queries(fields, field, queries.subspan(begin * dim, some * dim), some);
    if (!group.is_ok()) return group.status();
    groups.push_back(std::move(group.value()));
  }
  return groups;
}

}  // namespace

Result<std::vector<ScoredRow>> Snapshot::search(std::span<const Rank> ranks, size_t k,
                                                size_t offset, const RowMask* mask,
                                                size_t threads) const {
  return guarded([&]() -> Result<std::vector<ScoredRow>> {
    if (Status status = check_count(k, "k"); !status.is_ok()) return status;
    if (Status status = check_count(threads, "threads"); !status.is_ok()) return status;
    if (Status status = state_->check(mask); !status.is_ok()) return status;
    auto ready = ready_ranks(*state_->fields, ranks);
    if (!ready.is_ok()) return ready.status();
    if (offset >= size()) return std::vector<ScoredRow>();

    const Scorer scorer(*state_->kernels, std::move(ready.value()));
    const size_t room = offset + std::min(k, size() - offset);
    auto contenders = contending(state_->contents, *state_->fields, scorer, mask, room, threads);
    if (!contenders.is_ok()) return contenders.status();
    const RowMask* const asked = contenders.value() ? &*contenders.value() : mask;
    const Selection selection(state_->contents, asked,
                              bytes_read(*state_->fields, scorer.keys_read()));
    std::vector<Best> bests(workers_of(selection.tasks(), threads), Best(room));
    Status status = run_tasks(selection.tasks(), threads, [&](size_t worker, size_t task) {
      double keys[Scorer::kMaxBlockRows];
      for (Blocks blocks(selection, task); blocks.next();) {
        const Block& block = *blocks;
        if (Status scored = keys_of(block, scorer, keys); !scored.is_ok()) return scored;
        auto ids = block.part->part->ids(block.row, block.span);
        if (!ids.is_ok()) return ids.status();
        bests[worker].offer(ids.value(), block.picks, keys);
      }
      return Status::ok();
    });
    if (!status.is_ok()) return status;
    std::vector<ScoredRow> found = joined(bests, offset);
    for (ScoredRow& row : found) row.score = scorer.score(row.score);
    return found;
  });
}

Result<std::vector<std::vector<ScoredRow>>> Snapshot::search_many(const std::string& field,
                                                                  std::span<const float> queries,
                                                                  size_t count, size_t k,
                                                                  const RowMask* mask,
                                                                  size_t threads) const {
  return guarded([&]() -> Result<std::vector<std::vector<ScoredRow>>> {
    if (Status status = check_count(k, "k"); !status.is_ok()) return status;
    if (Status status = check_count(threads, "threads"); !status.is_ok()) return status;
    if (Status status = state_->check(mask); !status.is_ok()) return status;
    auto groups = groups_of(*state_->fields, field, queries, count);
    if (!groups.is_ok()) return groups.status();
    if (groups.value().empty()) return std::vector<std::vector<ScoredRow>>();

    const size_t read = groups.value()[0].field;
    const Selection selection(state_->contents, mask,
                              bytes_read(*state_->fields, Reads{{read}, {}}));
    std::vector<ManyBest> bests(workers_of(selection.tasks(), threads),
                                ManyBest(count, std::min(k, std::max<size_t>(1, size()))));
    Status status = run_tasks(selection.tasks(), threads, [&](size_t worker, size_t task) {
      for (Blocks blocks(selection, task); blocks.next();) {
        Status offered = bests[worker].offer(*blocks, *state_->kernels, groups.value());
        if (!offered.is_ok()) return offered;
      }
      return Status::ok();
    });
    if (!status.is_ok()) return status;
    for (size_t i = 1; i < bests.size(); ++i) bests[0].join(bests[i]);
    return bests[0].take();
  });
}

Result<RowMask> Snapshot::at_least(std::span<const Rank> ranks, double threshold,
                                   size_t threads) const {
  return guarded([&]() -> Result<RowMask> {
    if (std::isnan(threshold)) return Status::invalid_argument("the threshold is not a number");
    if (Status status = check_count(threads, "threads"); !status.is_ok()) return status;
    auto ready = ready_ranks(*state_->fields, ranks);
    if (!ready.is_ok()) return ready.status();
    const Scorer scorer(*state_->kernels, std::move(ready.value()));
    const Selection selection(state_->contents, nullptr,
                              bytes_read(*state_->fields, scorer.keys_read()));
    RowMask mask(positions(), false, state_->serial);  // tasks set bits in words of their own
    Status status = run_tasks(selection.tasks(), threads, [&](size_t, size_t task) {
      double keys[Scorer::kMaxBlockRows];
      for (Blocks blocks(selection, task); blocks.next();) {
        const Block& block = *blocks;
        if (Status scored = keys_of(block, scorer, keys); !scored.is_ok()) return scored;
        for (size_t i = 0; i < block.picks.count; ++i) {
          if (scorer.score(keys[i]) >= threshold) mask.set(block.position(i));
        }
      }
      return Status::ok();
    });
    if (!status.is_ok()) return status;
    return mask;
  });
}

}  // namespace nearsight
