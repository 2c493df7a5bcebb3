// The writing side of an index: what was changed and not yet published, and the publishing.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "state.h"

namespace nearsight {

class Index::Writer {
 public:
  // `store` is null for an index in memory only.
  Writer(std::vector<Field> fields, const Kernels* kernels, std::unique_ptr<Store> store);

  const std::vector<Field>& fields() const { return *fields_; }
  const std::string& dropped_because() const;
  RowId last_id() const { return last_id_.load(); }
  std::shared_ptr<const Snapshot> published() const {
    const std::lock_guard lock(publishing_);
    return published_;
  }

  Status append(std::span<const RowId> ids, std::span<const std::span<const float>> vectors);
  Status erase(std::span<const RowId> ids);
  Status commit(uint64_t generation);
  Status seal();

 private:
  Status check_shapes(size_t ids, std::span<const std::span<const float>> vectors) const;
  Status check_rows(std::span<const RowId> ids,
                    std::span<const std::span<const float>> vectors) const;
  Status make_room(size_t rows);
  void add(RowId id, std::span<const std::span<const float>> vectors, size_t row);
  size_t fresh_bytes() const;
  Status save();
  void publish();

  std::shared_ptr<const std::vector<Field>> fields_;
  const Kernels* kernels_;
  std::unique_ptr<Store> store_;

  std::mutex mutex_;                            // guards everything below
  Contents next_;                               // the published state with what came since
  std::vector<std::shared_ptr<Chunk>> chunks_;  // of next_'s unsaved parts, then spare ones
  size_t chunks_used_ = 0;
  bool is_committed_ = true;  // next_ is what is published
  bool is_saved_ = true;      // what is published is what the files hold
  size_t spill_at_ = kSpillBytes;

  // Readers' side. The mutex is held while a pointer is copied and never longer: not every standard
  // library has std::atomic<std::shared_ptr>, and GCC 12's load is a data race.
  std::atomic<RowId> last_id_;
  mutable std::mutex publishing_;
  std::shared_ptr<const Snapshot> published_;
};

}  // namespace nearsight
