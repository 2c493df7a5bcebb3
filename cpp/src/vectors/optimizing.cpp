// Having a finder made of the rows, on a thread of its own.
#include <algorithm>
#include <chrono>
#include <system_error>

#include "room.h"

namespace nearsight {
namespace {

class SnapshotRows final : public RowSource {
 public:
  SnapshotRows(const Snapshot& snapshot, std::vector<RowId> ids)
      : snapshot_(snapshot), ids_(std::move(ids)) {}

  size_t size() const override { return ids_.size(); }
  Status read(size_t begin, size_t count, RowId* ids, float* rows) const override {
    std::copy_n(ids_.begin() + static_cast<ptrdiff_t>(begin), count, ids);
    return snapshot_.read(kVectorField, {ids, count}, rows);
  }

 private:
  const Snapshot& snapshot_;
  std::vector<RowId> ids_;
};

}  // namespace

uint64_t Vectors::Room::number_of(const std::string& name) const {
  const std::string_view prefix = kind_.prefix(), suffix = kind_.suffix();
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return 0;
  if (name.size() <= prefix.size() + suffix.size()) return 0;
  const std::string digits =
      name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  const bool is_number =
      digits.size() <= 18 && digits.front() != '0' &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? std::stoull(digits) : 0;
}

std::string Vectors::Room::name_of(uint64_t number) const {
  return std::string(kind_.prefix()) + std::to_string(number) + std::string(kind_.suffix());
}

// The newest finder that opens and holds no row that the index has not seen: after a power cut
// it may have lost rows that a finder holds, and would give their ids away again.
Status Vectors::Room::begin() {
  if (directory_ == nullptr) return publish(nullptr);
  auto names = directory_->list();
  if (!names.is_ok()) return names.status();
  std::vector<uint64_t> numbers;
  for (const std::string& name : names.value())
    if (const uint64_t number = number_of(name); number > 0) numbers.push_back(number);
  std::sort(numbers.rbegin(), numbers.rend());
  if (!numbers.empty()) next_number_ = numbers.front() + 1;
  std::shared_ptr<const Finder> finder;
  for (size_t i = 0; finder == nullptr && i < numbers.size(); ++i) {
    auto opened = kind_.open(*directory_, name_of(numbers[i]), identity_.truth, dim());
    if (opened.is_ok() && opened.value()->last_row() <= index_->last_id()) finder = opened.value();
    if (finder != nullptr) sweep(name_of(numbers[i]));
  }
  if (finder == nullptr) sweep("");
  return publish(std::move(finder));
}

// Removes every finder's file but one. Processes that have them mapped keep them until they let go.
void Vectors::Room::sweep(const std::string& kept) {
  if (directory_ == nullptr || access_ == Access::kReadOnly) return;
  auto names = directory_->list();
  if (!names.is_ok()) return;
  for (const std::string& name : names.value())
    if (number_of(name) > 0 && name != kept) (void)directory_->remove(name);
}

Status Vectors::Room::start(size_t threads, bool retrain) {
  const std::lock_guard lock(running_);
  if (is_running_) return Status::ok();
  if (worker_.joinable()) worker_.join();
  progress_ = std::make_shared<Progress>();
  is_running_ = true;
  try {
    worker_ = std::thread([this, threads, retrain] {
      Status status = Status::ok();
      try {
        status = optimize(threads, retrain);
      } catch (const std::bad_alloc&) {
        status = Status::out_of_memory("out of memory");
      }
      const std::lock_guard done(running_);
      outcome_ = std::move(status);
      is_running_ = false;
      finished_.notify_all();
    });
  } catch (const std::system_error&) {
    is_running_ = false;
    return Status::io_error("cannot start a thread");
  }
  return Status::ok();
}

// What failed once, was cancelled or cannot be written would only fail again.
void Vectors::Room::start_by_itself() {
  if (access_ == Access::kReadOnly || was_cancelled() || !outcome().is_ok()) return;
  (void)start(1, false);
}

// Rows that have more new ones beside them than there are of them are taken in anew with these:
// then learning costs about what coding does, and the lists are again those that would be learned
// now.
Status Vectors::Room::optimize(size_t threads, bool retrain) {
  // Only what is on disk goes in: rows that a kill takes give their ids away again.
  if (Status status = flush(); !status.is_ok()) return status;
  const std::shared_ptr<const View> view = this->view();
  const bool is_whole =
      view->finder() != nullptr && view->fresh() == 0 && view->erased_count() == 0;
  if (view->snapshot().size() == 0 || dim() > max_dim() || (is_whole && !retrain))
    return Status::ok();
  const bool anew = retrain || view->finder() == nullptr || !kind_.grows() ||
                    2 * view->fresh() > view->snapshot().size();
  auto finder = build(*view, anew, threads);
  if (!anew && finder.status().code() == StatusCode::kCorruption) {  // the finder's, or the rows'?
    finder = build(*view, true, threads);
  }
  return finder.is_ok() ? take_in(std::move(finder.value())) : finder.status();
}

Result<std::shared_ptr<const Finder>> Vectors::Room::build(const View& view, bool anew,
                                                           size_t threads) {
  std::vector<RowId> added;
  if (anew || view.newer() != nullptr) {
    auto ids = view.snapshot().ids(anew ? nullptr : view.newer());
    if (!ids.is_ok()) return ids.status();
    added = std::move(ids.value());
  }
  const SnapshotRows rows(view.snapshot(), std::move(added));
  FinderPlan plan{dim(), identity_.truth, "", directory_.get(), nullptr, nullptr, threads};
  if (!anew) {
    plan.before = view.finder().get();
    plan.erased = view.erased();
  }
  {
    const std::lock_guard lock(changing_);
    plan.name = name_of(next_number_++);
  }
  return kind_.build(rows, plan, *progress_);
}

Status Vectors::Room::take_in(std::shared_ptr<const Finder> finder) {
  const std::lock_guard lock(changing_);
  if (Status status = publish(std::move(finder)); !status.is_ok()) return status;
  sweep(name_of(next_number_ - 1));
  return Status::ok();
}

float Vectors::Room::done() const {
  const std::lock_guard lock(running_);
  return is_running_ ? progress_->done() : 1.0f;
}

bool Vectors::Room::wait(double seconds) const {
  std::unique_lock lock(running_);
  return finished_.wait_for(lock, std::chrono::duration<double>(seconds),
                            [this] { return !is_running_; });
}

void Vectors::Room::cancel() {
  const std::lock_guard lock(running_);
  if (progress_ != nullptr) progress_->cancel();
}

Status Vectors::Room::outcome() const {
  const std::lock_guard lock(running_);
  return progress_ != nullptr && progress_->is_cancelled() ? Status::ok() : outcome_;
}

bool Vectors::Room::was_cancelled() const {
  const std::lock_guard lock(running_);
  return progress_ != nullptr && progress_->is_cancelled();
}

}  // namespace nearsight
