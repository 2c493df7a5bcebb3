#include "writer.h"

#include <algorithm>

#include "bytes.h"
#include "door.h"
#include "nearsight/filter.h"

namespace nearsight {
namespace {

uint64_t next_serial() {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

}  // namespace

Index::Writer::Writer(std::vector<Field> fields, const Kernels* kernels,
                      std::unique_ptr<Store> store)
    : fields_(std::make_shared<const std::vector<Field>>(std::move(fields))),
      kernels_(kernels),
      store_(std::move(store)) {
  if (store_ != nullptr) {
    next_ = store_->take_found();
    is_saved_ = store_->dropped_because().empty();  // else the next seal replaces what was found
  }
  last_id_ = next_.last_id;
  publish();
}

const std::string& Index::Writer::dropped_because() const {
  static const std::string nothing;
  return store_ == nullptr ? nothing : store_->dropped_because();
}

Status Index::Writer::append(std::span<const RowId> ids,
                             std::span<const std::span<const float>> vectors) {
  const std::lock_guard lock(mutex_);
  if (Status status = check_shapes(ids.size(), vectors); !status.is_ok()) return status;
  if (Status status = check_rows(ids, vectors); !status.is_ok()) return status;
  if (ids.empty()) return Status::ok();
  if (Status status = make_room(ids.size()); !status.is_ok()) return status;
  for (size_t i = 0; i < ids.size(); ++i) add(ids[i], vectors, i);
  next_.live.resize(next_.parts.back().end());
  next_.last_id = ids.back();
  last_id_ = ids.back();
  is_committed_ = false;
  return Status::ok();
}

Status Index::Writer::check_shapes(size_t ids,
                                   std::span<const std::span<const float>> vectors) const {
  if (vectors.size() != fields_->size()) {
    return Status::invalid_argument("one array of vectors for each of the " +
                                    std::to_string(fields_->size()) + " fields is needed, not " +
                                    std::to_string(vectors.size()));
  }
  for (size_t f = 0; f < vectors.size(); ++f) {
    const Field& field = (*fields_)[f];
    if (vectors[f].size() == ids * field.dim) continue;
    return Status::invalid_argument("field '" + field.name + "': " + std::to_string(ids) +
                                    " rows of " + std::to_string(field.dim) +
                                    " numbers are needed, not " +
                                    std::to_string(vectors[f].size()) + " numbers");
  }
  return Status::ok();
}

Status Index::Writer::check_rows(std::span<const RowId> ids,
                                 std::span<const std::span<const float>> vectors) const {
  RowId last = next_.last_id;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] <= last) {
      return Status::invalid_argument("id " + std::to_string(ids[i]) + " comes after id " +
                                      std::to_string(last) + ": ids must ascend, beginning at 1");
    }
    last = ids[i];
    for (size_t f = 0; f < vectors.size(); ++f) {
      const Field& field = (*fields_)[f];
      Status status = check_row(field, vectors[f].data() + i * field.dim);
      if (status.is_ok()) continue;
      return Status::invalid_argument("id " + std::to_string(ids[i]) + ", " +
                                      std::string(status.message()));
    }
  }
  return Status::ok();
}

// Everything that can fail for want of memory happens here, before a row is added.
Status Index::Writer::make_room(size_t rows) {
  size_t room = 0;
  if (chunks_used_ > 0) room = chunks_[chunks_used_ - 1]->capacity() - next_.parts.back().rows;
  for (size_t i = chunks_used_; i < chunks_.size(); ++i) room += chunks_[i]->capacity();
  while (room < rows) {
    auto chunk = Chunk::make(*fields_);
    if (!chunk.is_ok()) return chunk.status();
    room += chunk.value()->capacity();
    chunks_.push_back(std::move(chunk.value()));
  }
  next_.parts.reserve(next_.parts.size() + chunks_.size() - chunks_used_);
  next_.live.resize(next_.next_position() + rows);
  return Status::ok();
}

void Index::Writer::add(RowId id, std::span<const std::span<const float>> vectors, size_t row) {
  const bool is_full =
      chunks_used_ == 0 || next_.parts.back().rows == chunks_[chunks_used_ - 1]->capacity();
  if (is_full) {
    next_.parts.push_back({chunks_[chunks_used_], 0, next_.next_position()});
    ++chunks_used_;
  }
  Chunk& chunk = *chunks_[chunks_used_ - 1];
  PlacedPart& part = next_.parts.back();
  chunk.id(part.rows) = id;
  for (size_t f = 0; f < vectors.size(); ++f) {
    const Field& field = (*fields_)[f];
    encode_row(field, vectors[f].data() + row * field.dim, chunk.row(f, part.rows));
    if (!field.has_sketch) continue;
    encode_sketch(field, chunk.row(f, part.rows), chunk.sketch(f, part.rows));
  }
  next_.live.set(part.end());
  ++part.rows;
}

Status Index::Writer::erase(std::span<const RowId> ids) {
  std::vector<RowId> wanted(ids.begin(), ids.end());
  std::sort(wanted.begin(), wanted.end());
  const std::lock_guard lock(mutex_);
  RowMask gone(next_.live.size());
  for (const PlacedPart& placed : next_.parts) {
    auto row_ids = placed.part->ids(0, placed.rows);
    if (!row_ids.is_ok()) return row_ids.status();
    mark_ids(wanted, {row_ids.value(), placed.rows}, placed.begin, gone);
  }
  gone.flip();
  next_.live &= gone;
  is_committed_ = false;
  return Status::ok();
}

Status Index::Writer::commit(uint64_t generation) {
  const std::lock_guard lock(mutex_);
  if (generation < next_.generation) {
    return Status::invalid_argument("generation " + std::to_string(generation) +
                                    " is lower than the last, " + std::to_string(next_.generation));
  }
  if (is_committed_ && generation == published()->generation()) return Status::ok();
  next_.generation = generation;
  publish();
  is_committed_ = true;
  is_saved_ = false;
  if (store_ == nullptr || fresh_bytes() < spill_at_) return Status::ok();
  if (!save().is_ok()) spill_at_ = fresh_bytes() + kSpillBytes;
  return Status::ok();
}

Status Index::Writer::seal() {
  const std::lock_guard lock(mutex_);
  if (!is_committed_) {
    return Status::invalid_argument("there are changes that were not committed: commit, then seal");
  }
  return is_saved_ || store_ == nullptr ? Status::ok() : save();
}

size_t Index::Writer::fresh_bytes() const {
  size_t bytes = 0;
  for (const Field& field : *fields_) bytes += stride_bytes(field) + sketch_bytes(field);
  size_t rows = 0;
  for (const PlacedPart& placed : next_.parts) rows += placed.part->is_saved() ? 0 : placed.rows;
  return rows * bytes;
}

// REQUIRES that next_ is committed.
Status Index::Writer::save() {
  auto saved = store_->save(next_);
  if (!saved.is_ok()) return saved.status();
  next_ = std::move(saved.value());
  chunks_.clear();
  chunks_used_ = 0;
  spill_at_ = kSpillBytes;
  is_saved_ = true;
  publish();
  return Status::ok();
}

void Index::Writer::publish() {
  const size_t live = next_.live.count();
  auto state = std::make_shared<const Snapshot::State>(
      Snapshot::State{next_serial(), kernels_, fields_, next_, live});
  std::shared_ptr<const Snapshot> next(new Snapshot(std::move(state)));
  const std::lock_guard lock(publishing_);
  published_.swap(next);  // the old one, maybe the last that holds files, goes after the lock
}

}  // namespace nearsight
