#include "contending.h"

#include <atomic>

#include "block_reads.h"
#include "blocks.h"
#include "nearsight/tasks.h"

namespace nearsight {
namespace {

// Measured: of so many rows of 128 numbers two looks take as long as one at all that is known of
// them, of 512 three quarters, of 1280 half as long; fewer rows are in the processor's caches.
constexpr size_t kFewRows = 2048;
constexpr size_t kFewForEach = 16;  // of the best: nearly as many may contend

bool is_worth_it(const Contents& contents, const Scorer& scorer, const RowMask* mask, size_t room) {
  if (scorer.bounds_read().sketches.empty()) return false;
  const size_t rows = (mask == nullptr ? contents.live : *mask).count();
  return rows >= kFewRows && rows / kFewForEach >= room;
}

}  // namespace

Result<std::optional<RowMask>> contending(const Contents& contents, std::span<const Field> fields,
                                          const Scorer& scorer, const RowMask* mask, size_t room,
                                          size_t threads) {
  if (!is_worth_it(contents, scorer, mask, room)) return std::optional<RowMask>();
  const size_t row_bytes = bytes_read(fields, scorer.bounds_read());
  const Selection selection(contents, mask, row_bytes);
  std::vector<Contenders> workers(workers_of(selection.tasks(), threads), Contenders(room));
  std::atomic<bool> is_useless = false;
  Status status = run_tasks(selection.tasks(), threads, [&](size_t worker, size_t task) {
    double lows[Scorer::kMaxBlockRows], highs[Scorer::kMaxBlockRows];
    if (is_useless) return Status::ok();
    for (Blocks blocks(selection, task); blocks.next();) {
      Status bounded = bounds_of(*blocks, scorer, lows, highs);
      if (!bounded.is_ok()) return bounded;
      workers[worker].offer(blocks->part->begin + blocks->row, blocks->picks, lows, highs);
    }
    if (workers[worker].are_many()) is_useless = true;
    return Status::ok();
  });
  if (!status.is_ok()) return status;
  if (is_useless) return std::optional<RowMask>();
  for (size_t i = 1; i < workers.size(); ++i) workers[0].join(workers[i]);
  RowMask contending(contents.live.size());
  for (const size_t position : workers[0].take()) contending.set(position);
  return std::optional(std::move(contending));
}

}  // namespace nearsight
