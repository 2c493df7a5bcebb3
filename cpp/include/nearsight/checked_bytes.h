// A mapped file whose blocks carry checksums that are compared when they are first touched.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "nearsight/directory.h"
#include "nearsight/status.h"

namespace nearsight {

// Bytes [begin, table) of a file are cut into blocks of kBlockBytes (the last may be shorter); from
// `table` on there is a u32 CRC-32C for each, and `table_crc` is that of the table. Any thread may
// ask at any time: two that meet do the same check twice and store the same answer.
class CheckedBytes {
 public:
  using Crc32c = uint32_t (*)(uint32_t crc, const void* bytes, size_t size);
  static constexpr size_t kBlockBytes = 65536;

  // `path` is for messages. REQUIRES begin < table and that the table lies within the file.
  CheckedBytes(std::unique_ptr<MappedFile> file, std::string path, size_t begin, size_t table,
               uint32_t table_crc, Crc32c crc32c);

  // ok once every block of [offset, offset + size) has been checked. REQUIRES size >= 1.
  Status check(size_t offset, size_t size) const {
    const size_t last = (offset + size - 1 - begin_) / kBlockBytes;
    for (size_t block = (offset - begin_) / kBlockBytes; block <= last; ++block) {
      if (is_good_[block].load(std::memory_order_acquire)) continue;
      if (Status status = check_block(block); !status.is_ok()) return status;
    }
    return Status::ok();
  }
  Status verify() const;  // every block

  const std::byte* data() const { return file_->bytes().data(); }
  size_t size() const { return file_->bytes().size(); }

  // What a table for these bytes is.
  static void write_table(std::span<const std::byte> bytes, std::byte* table, Crc32c crc32c);
  static size_t blocks_of(size_t bytes) { return (bytes + kBlockBytes - 1) / kBlockBytes; }

 private:
  Status check_block(size_t block) const;
  Status check_table() const;
  Status damaged(const std::string& what) const;

  std::unique_ptr<MappedFile> file_;
  std::string path_;
  size_t begin_;
  size_t table_;
  size_t blocks_;
  uint32_t table_crc_;
  Crc32c crc32c_;
  mutable std::atomic<bool> table_is_good_ = false;
  std::unique_ptr<std::atomic<bool>[]> is_good_;
};

}  // namespace nearsight
