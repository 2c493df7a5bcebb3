#include "room.h"

#include <algorithm>

namespace nearsight {
namespace {

std::string no_such(Key key) { return "there is no vector with the id " + std::to_string(key); }

}  // namespace

Vectors::Room::Room(std::unique_ptr<Index> index, std::shared_ptr<Directory> directory,
                    const FinderKind& kind, const Identity& identity, Access access)
    : kind_(kind),
      identity_(identity),
      access_(access),
      directory_(std::move(directory)),
      index_(std::move(index)) {}

Vectors::Room::~Room() {
  cancel();
  if (worker_.joinable()) worker_.join();
}

Status Vectors::Room::publish(std::shared_ptr<const Finder> finder) {
  auto view = View::make(index_->snapshot(), std::move(finder));
  if (!view.is_ok()) return view.status();
  const std::lock_guard lock(publishing_);
  view_ = std::move(view.value());
  return Status::ok();
}

Status Vectors::Room::publish_next(std::span<const RowId> erased) {
  auto view = this->view()->next(index_->snapshot(), erased);
  if (!view.is_ok()) return view.status();
  const std::lock_guard lock(publishing_);
  view_ = std::move(view.value());
  return Status::ok();
}

Status Vectors::Room::load_table() {
  if (table_is_loaded_) return Status::ok();
  Status status = table_.load(*index_->snapshot());
  table_is_loaded_ = status.is_ok();
  return status;
}

// Every key once, and there or not as `present` says.
Status Vectors::Room::check(std::span<const Key> keys, bool present) {
  std::vector<Key> sorted(keys.begin(), keys.end());
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    return Status::invalid_argument("the id " + std::to_string(*twice) + " is given twice");
  }
  for (const Key key : keys) {
    if ((table_.find(key) != 0) == present) continue;
    return Status::invalid_argument(present
                                        ? no_such(key)
                                        : "there is a vector with the id " + std::to_string(key) +
                                              " already: update() replaces it");
  }
  return Status::ok();
}

Status Vectors::Room::change(std::span<const Key> keys, std::span<const float> vectors,
                             bool is_update) {
  const std::lock_guard lock(changing_);
  if (Status status = load_table(); !status.is_ok()) return status;
  if (Status status = check(keys, is_update); !status.is_ok()) return status;
  table_.reserve(keys.size());
  std::vector<RowId> rows(keys.size()), old;
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = index_->last_id() + 1 + i;
  for (size_t i = 0; is_update && i < keys.size(); ++i) old.push_back(table_.find(keys[i]));
  const std::vector<float> numbers = packed(keys);
  const std::span<const float> fields[] = {vectors, numbers};
  if (Status status = index_->append(rows, fields); !status.is_ok()) return status;
  if (Status status = index_->erase(old); !status.is_ok()) return status;
  for (size_t i = 0; i < keys.size(); ++i) table_.put(keys[i], rows[i]);
  if (Status status = index_->commit(index_->generation() + 1); !status.is_ok()) return status;
  return publish_next(old);
}

Status Vectors::Room::remove(std::span<const Key> keys) {
  const std::lock_guard lock(changing_);
  if (Status status = load_table(); !status.is_ok()) return status;
  if (Status status = check(keys, true); !status.is_ok()) return status;
  std::vector<RowId> rows;
  for (const Key key : keys) rows.push_back(table_.find(key));
  if (Status status = index_->erase(rows); !status.is_ok()) return status;
  for (const Key key : keys) table_.drop(key);
  if (Status status = index_->commit(index_->generation() + 1); !status.is_ok()) return status;
  return publish_next(rows);
}

Status Vectors::Room::find(std::span<const Key> keys, std::vector<RowId>& rows) {
  const std::lock_guard lock(changing_);
  if (Status status = load_table(); !status.is_ok()) return status;
  rows.clear();
  for (const Key key : keys) rows.push_back(table_.find(key));
  return Status::ok();
}

Status Vectors::Room::flush() {
  const std::lock_guard lock(changing_);
  Status status = index_->seal();
  return status.is_ok() ? publish_next({}) : status;
}

void Vectors::Room::forget(const std::shared_ptr<const Finder>& finder) {
  const std::lock_guard lock(changing_);
  if (view()->finder() == finder) (void)publish(nullptr);
}

}  // namespace nearsight
