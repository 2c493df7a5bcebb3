// The files of one columns cache (cpp/FORMAT.md). One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contents.h"
#include "nearsight/directory.h"
#include "nearsight/status.h"
#include "nearsight/types.h"

namespace nearsight {

class ColumnFiles {
 public:
  // Reads what the directory holds for this truth. A cache that can't be used is set aside:
  // take_found() is empty and dropped_because() says why. Nothing is written or removed.
  static Result<std::unique_ptr<ColumnFiles>> open(std::shared_ptr<Directory> directory,
                                                   const TruthId& truth, Crc32c crc32c);

  ColumnsContents take_found() { return std::exchange(found_, ColumnsContents()); }
  const std::string& dropped_because() const { return dropped_because_; }

  // Writes unsaved parts to files and then the manifest; what comes back are the same living
  // documents, all in saved parts. On failure the directory holds the cache that it held before.
  Result<ColumnsContents> save(const ColumnsContents& now);

 private:
  ColumnFiles(std::shared_ptr<Directory> directory, const TruthId& truth, Crc32c crc32c)
      : directory_(std::move(directory)), truth_(truth), crc32c_(crc32c) {}

  Status load();
  Result<std::shared_ptr<const ColumnPart>> open_part(uint64_t number, const Counts& counts,
                                                      uint32_t table_crc) const;
  Result<std::shared_ptr<const ColumnPart>> write_part(const ColumnsContents& now, size_t first);
  std::string header(uint64_t number, const Counts& counts) const;

  std::shared_ptr<Directory> directory_;
  TruthId truth_;
  Crc32c crc32c_;
  ColumnsContents found_;
  std::string dropped_because_;
  uint64_t next_number_ = 1;  // of the next file
};

}  // namespace nearsight
