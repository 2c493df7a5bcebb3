#include "nearsight/checked_bytes.h"

#include <algorithm>
#include <cstring>

namespace nearsight {

CheckedBytes::CheckedBytes(std::unique_ptr<MappedFile> file, std::string path, size_t begin,
                           size_t table, uint32_t table_crc, Crc32c crc32c)
    : file_(std::move(file)),
      path_(std::move(path)),
      begin_(begin),
      table_(table),
      blocks_(blocks_of(table - begin)),
      table_crc_(table_crc),
      crc32c_(crc32c),
      is_good_(std::make_unique<std::atomic<bool>[]>(blocks_)) {}

Status CheckedBytes::verify() const { return check(begin_, table_ - begin_); }

Status CheckedBytes::check_block(size_t block) const {
  if (Status status = check_table(); !status.is_ok()) return status;
  const size_t at = begin_ + block * kBlockBytes;
  const size_t size = std::min(kBlockBytes, table_ - at);
  uint32_t expected;
  std::memcpy(&expected, data() + table_ + block * sizeof expected, sizeof expected);
  if (crc32c_(0, data() + at, size) != expected) return damaged("block " + std::to_string(block));
  is_good_[block].store(true, std::memory_order_release);
  return Status::ok();
}

Status CheckedBytes::check_table() const {
  if (table_is_good_.load(std::memory_order_acquire)) return Status::ok();
  if (crc32c_(0, data() + table_, blocks_ * sizeof(uint32_t)) != table_crc_) {
    return damaged("CRC table");
  }
  table_is_good_.store(true, std::memory_order_release);
  return Status::ok();
}

Status CheckedBytes::damaged(const std::string& what) const {
  return Status::corruption("file '" + path_ + "' is damaged (" + what + ")");
}

void CheckedBytes::write_table(std::span<const std::byte> bytes, std::byte* table, Crc32c crc32c) {
  for (size_t at = 0; at < bytes.size(); at += kBlockBytes) {
    const uint32_t crc = crc32c(0, bytes.data() + at, std::min(kBlockBytes, bytes.size() - at));
    std::memcpy(table, &crc, sizeof crc);
    table += sizeof crc;
  }
}

}  // namespace nearsight
