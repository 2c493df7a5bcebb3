// The writing side of columns: what was changed and not yet published, and the publishing.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "files.h"
#include "state.h"

namespace nearsight {

class Columns::Writer {
 public:
  // `files` is null for columns in memory only.
  explicit Writer(std::unique_ptr<ColumnFiles> files);

  const std::string& dropped_because() const;
  std::shared_ptr<const ColumnsState> published() const {
    const std::lock_guard lock(publishing_);
    return published_;
  }

  Status put(const Documents& documents);
  Status erase(std::span<const DocId> docs);
  Status commit(uint64_t generation);
  Status seal();

 private:
  Status save();
  void publish();

  std::unique_ptr<ColumnFiles> files_;

  std::mutex mutex_;          // guards everything below
  ColumnsContents next_;      // the published state with what came since
  bool is_committed_ = true;  // next_ is what is published
  bool is_saved_ = true;      // what is published is what the files hold
  size_t spill_at_ = kSpillBytes;

  // Readers' side. The mutex is held while a pointer is copied and never longer (index/writer.h).
  mutable std::mutex publishing_;
  std::shared_ptr<const ColumnsState> published_;
};

}  // namespace nearsight
