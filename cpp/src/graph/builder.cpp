// A graph file in the making: rows first, then their links, then what searches of it find.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "linker.h"
#include "measuring.h"
#include "nearsight/guard.h"
#include "nearsight/kernels.h"
#include "nearsight/progress.h"
#include "parts.h"
#include "reaching.h"

namespace nearsight {
namespace {

constexpr size_t kPieceRows = 1024, kPieceLinks = 64;
constexpr uint64_t kSeed = 0x6e656172;
constexpr size_t kHeld = 256;                                      // rows that are held out
constexpr size_t kLeastOfHeld = 16;                                // one of at least so many rows
constexpr float kRead = 0.02f, kLinked = 0.9f, kMeasured = 0.97f;  // shares of the time

}  // namespace

class GraphBuilder {
 public:
  GraphBuilder(const RowSource& rows, const Graph::Plan& plan, const CodeKernels& kernels,
               Progress& progress)
      : rows_(rows), plan_(plan), kernels_(kernels), progress_(progress) {}

  Result<std::shared_ptr<const Graph>> run() {
    Status status = lay_out();
    if (status.is_ok()) status = copy_rows();
    if (status.is_ok()) find_twins();
    if (status.is_ok()) hold_some_out();
    if (status.is_ok()) status = link_all();
    if (status.is_ok()) status = reach_all(view(), draft_->bytes(), linked_, kernels_);
    if (!status.is_ok()) return status;
    finish();
    auto parts = std::make_unique<Graph::Parts>(draft_->seal(), plan_.name, header_, kernels_,
                                                chosen_kernels().value()->crc32c);
    return std::shared_ptr<const Graph>(new Graph(std::move(parts)));
  }

 private:
  Status draw_levels();
  Status lay_out();
  Status copy_rows();
  void find_twins();
  void hold_some_out();
  Status link_all();
  void finish();

  uint32_t count() const { return static_cast<uint32_t>(rows_.size()); }
  GraphLayout layout() const { return {plan_.dim, rows_.size(), header_.upper_lists}; }
  template <class T>
  T* at(uint64_t offset) const {
    return reinterpret_cast<T*>(draft_->bytes().data() + offset);
  }
  GraphView view() const {
    return {draft_->bytes().data(), layout(),       plan_.dim,           count(),
            header_.entry,          header_.levels, header_.upper_lists, nullptr};
  }

  const RowSource& rows_;
  const Graph::Plan& plan_;
  const CodeKernels& kernels_;
  Progress& progress_;
  std::vector<uint8_t> levels_;  // of each row
  std::vector<uint32_t> held_;   // places
  RowMask linked_{0};            // rows but the first of whose twins is another
  GraphHeader header_{};
  std::unique_ptr<Draft> draft_;
};

// A row is on level l or above with a chance of kLinks^-l (section 4 of the paper).
Status GraphBuilder::draw_levels() {
  std::mt19937_64 random(kSeed);
  levels_.resize(rows_.size());
  for (size_t place = 0; place < levels_.size(); ++place) {
    uint8_t level = 0;
    while (level < kLevels && random() % kLinks == 0) ++level;
    levels_[place] = level;
    header_.upper_lists += level;
  }
  return header_.upper_lists < UINT32_MAX ? Status::ok()
                                          : Status::invalid_argument("too many rows");
}

Status GraphBuilder::lay_out() {
  if (Status status = draw_levels(); !status.is_ok()) return status;
  RowId ends[2];
  std::vector<float> row(plan_.dim);
  for (size_t i = 0; i < 2; ++i) {
    const size_t place = i == 0 ? 0 : rows_.size() - 1;
    if (Status status = rows_.read(place, 1, &ends[i], row.data()); !status.is_ok()) return status;
  }
  if (ends[1] - ends[0] > UINT32_MAX) {
    return Status::invalid_argument("row ids span more than 2^32: too many for one graph");
  }
  std::memcpy(header_.magic, kGraphMagic.data(), sizeof header_.magic);
  header_.version = kGraphVersion;
  header_.dim = plan_.dim;
  header_.owner = plan_.owner;
  header_.rows = rows_.size();
  header_.first_row = ends[0];
  header_.last_row = ends[1];
  auto draft = plan_.directory != nullptr ? plan_.directory->draft(plan_.name, layout().size)
                                          : Draft::in_memory(layout().size);
  if (!draft.is_ok()) return draft.status();
  draft_ = std::move(draft.value());
  auto* const starts = at<uint32_t>(layout().upper_starts);
  for (size_t place = 0; place < levels_.size(); ++place)
    starts[place + 1] = starts[place] + levels_[place];
  return Status::ok();
}

Status GraphBuilder::copy_rows() {
  const size_t pieces = (rows_.size() + kPieceRows - 1) / kPieceRows;
  auto* const row_ids = at<uint32_t>(layout().row_ids);
  return run_tasks(pieces, plan_.threads, progress_, 0, kRead, [&](size_t, size_t piece) {
    const size_t begin = piece * kPieceRows, some = std::min(kPieceRows, rows_.size() - begin);
    std::vector<RowId> ids(some);
    std::vector<float> numbers(some * plan_.dim);
    Status status = rows_.read(begin, some, ids.data(), numbers.data());
    for (size_t i = 0; status.is_ok() && i < some; ++i) {
      const uint64_t element = layout().elements + (begin + i) * layout().stride;
      kernels_.narrow(numbers.data() + i * plan_.dim, plan_.dim, at<uint16_t>(element));
      row_ids[begin + i] = static_cast<uint32_t>(ids[i] - header_.first_row);
    }
    return status;
  });
}

// Many rows that are the same would link to one another only: nothing would lead on from them.
void GraphBuilder::find_twins() {
  const auto crc32c = chosen_kernels().value()->crc32c;
  const GraphView all = view();
  const size_t bytes = plan_.dim * sizeof(uint16_t);
  std::vector<uint32_t> sums(count()), order(count());
  for (uint32_t place = 0; place < count(); ++place) {
    order[place] = place;
    sums[place] = crc32c(0, all.row(place), bytes);
  }
  const auto compared = [&](uint32_t a, uint32_t b) {
    if (sums[a] != sums[b]) return sums[a] < sums[b] ? -1 : 1;
    return std::memcmp(all.row(a), all.row(b), bytes);
  };
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const int difference = compared(a, b);
    return difference != 0 ? difference < 0 : a < b;
  });
  linked_ = RowMask(count(), true);
  for (size_t i = 1; i < order.size(); ++i) {
    if (compared(order[i - 1], order[i]) != 0) continue;
    linked_.clear(order[i]);
    *at<uint32_t>(layout().elements + order[i - 1] * layout().stride + layout().twin_at) = order[i];
  }
  for (size_t place = linked_.next_set(0, count()); place < count();
       place = linked_.next_set(place + 1, count())) {
    if (place > 0 && levels_[place] <= header_.levels) continue;
    header_.entry = static_cast<uint32_t>(place);
    header_.levels = levels_[place];
  }
}

void GraphBuilder::hold_some_out() {
  std::vector<uint32_t> able;
  for (uint32_t place = 0; place < count(); ++place)
    if (linked_.test(place) && place != header_.entry) able.push_back(place);
  const size_t wanted = std::min(kHeld, able.size() / kLeastOfHeld);
  std::mt19937_64 random(kSeed + 1);
  for (size_t i = 0; i < wanted; ++i) {  // one of each stretch
    const size_t begin = i * able.size() / wanted, end = (i + 1) * able.size() / wanted;
    held_.push_back(able[begin + random() % (end - begin)]);
  }
}

// In an order that has nothing to do with that of the ids: rows that come sorted, all of one kind
// first, would make a graph that is harder to walk.
Status GraphBuilder::link_all() {
  auto linker =
      Linker::make(draft_->bytes(), layout(), plan_.dim, levels_, header_.entry, kernels_);
  if (!linker.is_ok()) return linker.status();
  std::vector<uint32_t> order;
  for (uint32_t place = 0; place < count(); ++place)
    if (linked_.test(place) && place != header_.entry &&
        !std::binary_search(held_.begin(), held_.end(), place))
      order.push_back(place);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(kSeed + 2));
  const size_t pieces = (order.size() + kPieceLinks - 1) / kPieceLinks;
  Status status =
      run_tasks(pieces, plan_.threads, progress_, kRead, kLinked, [&](size_t, size_t piece) {
        const size_t begin = piece * kPieceLinks;
        Status linked = Status::ok();
        for (size_t i = begin; i < std::min(order.size(), begin + kPieceLinks); ++i)
          if (linked.is_ok()) linked = linker.value()->link(order[i]);
        return linked;
      });
  if (!status.is_ok()) return status;
  auto calibration =
      measured(view(), kernels_, held_, plan_.threads, kLinked, kMeasured, progress_);
  if (!calibration.is_ok()) return calibration.status();
  header_.calibration = calibration.value();
  for (const uint32_t place : held_)
    if (status.is_ok()) status = linker.value()->link(place);
  return status;
}

void GraphBuilder::finish() {
  const auto crc32c = chosen_kernels().value()->crc32c;
  const GraphLayout layout = this->layout();
  const std::span<std::byte> bytes = draft_->bytes();
  CheckedBytes::write_table(bytes.subspan(kGraphPage, layout.table - kGraphPage),
                            bytes.data() + layout.table, crc32c);
  header_.table_crc = crc32c(0, bytes.data() + layout.table, layout.size - layout.table);
  std::memcpy(bytes.data(), &header_, sizeof header_);
  const uint32_t page_crc = crc32c(0, bytes.data(), kGraphPage - sizeof(uint32_t));
  std::memcpy(bytes.data() + kGraphPage - sizeof page_crc, &page_crc, sizeof page_crc);
  progress_.reach(1);
}

Result<std::shared_ptr<const Graph>> Graph::build(const RowSource& rows, const Plan& plan,
                                                  Progress& progress) {
  const auto kernels = chosen_code_kernels();
  if (!kernels.is_ok()) return kernels.status();
  if (rows.size() == 0 || rows.size() > kMaxLinkedRows || plan.dim == 0 || plan.dim > kMaxDim) {
    return Status::invalid_argument(
        "a graph takes 1 to 2^31 rows of 1 to " + std::to_string(kMaxDim) + " numbers, not " +
        std::to_string(rows.size()) + " of " + std::to_string(plan.dim));
  }
  auto graph = guarded([&] { return GraphBuilder(rows, plan, *kernels.value(), progress).run(); });
  if (!graph.is_ok() && plan.directory != nullptr) (void)plan.directory->remove(plan.name);
  return graph;
}

}  // namespace nearsight
