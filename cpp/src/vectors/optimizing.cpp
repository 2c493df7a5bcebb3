// Having the rows coded, on a thread of its own.
#include <algorithm>
#include <chrono>
#include <system_error>

#include "room.h"

namespace nearsight {
namespace {

constexpr std::string_view kCodesPrefix = "codes-", kCodesSuffix = ".nsc";
constexpr size_t kRetrainGrowth = 4;  // lists learned from so many times fewer rows are too few

// The number in codes-<n>.nsc; 0: another file.
uint64_t number_of(const std::string& name) {
  if (!name.starts_with(kCodesPrefix) || !name.ends_with(kCodesSuffix)) return 0;
  const size_t begin = kCodesPrefix.size();
  const std::string digits = name.substr(begin, name.size() - begin - kCodesSuffix.size());
  const bool is_number =
      !digits.empty() && digits.size() <= 18 && digits.front() != '0' &&
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? std::stoull(digits) : 0;
}

std::string name_of(uint64_t number) {
  return std::string(kCodesPrefix) + std::to_string(number) + std::string(kCodesSuffix);
}

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

// The newest codes that open and hold no row that the index has not seen: after a power cut it may
// have lost rows that were coded, and would give their ids away again.
Status Vectors::Room::begin() {
  if (directory_ == nullptr) return publish(nullptr);
  auto names = directory_->list();
  if (!names.is_ok()) return names.status();
  std::vector<uint64_t> numbers;
  for (const std::string& name : names.value())
    if (const uint64_t number = number_of(name); number > 0) numbers.push_back(number);
  std::sort(numbers.rbegin(), numbers.rend());
  if (!numbers.empty()) next_codes_ = numbers.front() + 1;
  std::shared_ptr<const Codes> codes;
  for (size_t i = 0; codes == nullptr && i < numbers.size(); ++i) {
    auto opened = Codes::open(*directory_, name_of(numbers[i]), truth_, dim_);
    if (opened.is_ok() && opened.value()->last_row() <= index_->last_id()) codes = opened.value();
    if (codes != nullptr) sweep(name_of(numbers[i]));
  }
  if (codes == nullptr) sweep("");
  return publish(std::move(codes));
}

// Removes every codes file but one. Processes that have them mapped keep them until they let go.
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

Status Vectors::Room::optimize(size_t threads, bool retrain) {
  // Only what is on disk is coded: rows that a kill takes give their ids away again.
  if (Status status = flush(); !status.is_ok()) return status;
  const std::shared_ptr<const View> view = this->view();
  const bool is_coded = view->codes() != nullptr && view->fresh() == 0 &&
                        view->codes()->size() == view->snapshot().size();
  if (view->snapshot().size() == 0 || dim_ > Codes::kMaxDim || (is_coded && !retrain))
    return Status::ok();
  auto codes = build(view->snapshot(), threads, retrain);
  return codes.is_ok() ? take_in(std::move(codes.value())) : codes.status();
}

Result<std::shared_ptr<const Codes>> Vectors::Room::build(const Snapshot& snapshot, size_t threads,
                                                          bool retrain) {
  auto ids = snapshot.ids();
  if (!ids.is_ok()) return ids.status();
  const SnapshotRows rows(snapshot, std::move(ids.value()));
  const std::shared_ptr<const Codes> model = view()->codes();
  const bool is_model_good = model != nullptr && !retrain &&
                             rows.size() < kRetrainGrowth * model->lists() * model->lists() / 16;
  Codes::Plan plan{dim_,   truth_, "", directory_.get(), is_model_good ? model.get() : nullptr,
                   threads};
  {
    const std::lock_guard lock(changing_);
    plan.name = name_of(next_codes_++);
  }
  return Codes::build(rows, plan, *progress_);
}

Status Vectors::Room::take_in(std::shared_ptr<const Codes> codes) {
  const std::lock_guard lock(changing_);
  if (Status status = publish(std::move(codes)); !status.is_ok()) return status;
  sweep(name_of(next_codes_ - 1));
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
