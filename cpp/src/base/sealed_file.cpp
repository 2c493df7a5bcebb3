#include "nearsight/sealed_file.h"

#include <algorithm>
#include <cstring>

namespace nearsight {
namespace {

Status damaged_file(const std::string& path, const std::string& what) {
  return Status::corruption("cache file '" + path + "' is damaged (" + what +
                            "): delete the cache, it is rebuilt from the database");
}

}  // namespace

std::string header_page(std::string bytes, Crc32c crc32c) {
  bytes.resize(kPageBytes - kCrcBytes);
  const uint32_t crc = crc32c(0, bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  return bytes;
}

Result<std::unique_ptr<const SealedFile>> SealedFile::open(const Directory& directory,
                                                           const std::string& name,
                                                           const std::string& page, uint64_t size,
                                                           uint32_t table_crc, Crc32c crc32c) {
  const std::string path = directory.path() + "/" + name;
  auto file = directory.map(name);
  if (!file.is_ok()) return file.status();
  const std::span<const std::byte> bytes = file.value()->bytes();
  const uint64_t table = (size + kBlockBytes - 1) / kBlockBytes * kCrcBytes;
  if (bytes.size() != kPageBytes + size + table) return damaged_file(path, "wrong size");
  if (std::memcmp(bytes.data(), page.data(), kPageBytes) != 0) {
    return damaged_file(path, "header page");
  }
  return std::unique_ptr<const SealedFile>(
      std::make_unique<SealedFile>(path, std::move(file.value()), size, table_crc, crc32c));
}

SealedFile::SealedFile(std::string path, std::unique_ptr<MappedFile> file, uint64_t size,
                       uint32_t table_crc, Crc32c crc32c)
    : path_(std::move(path)),
      file_(std::move(file)),
      size_(size),
      table_crc_(table_crc),
      crc32c_(crc32c),
      block_is_good_(std::make_unique<std::atomic<bool>[]>(blocks())) {}

Result<const std::byte*> SealedFile::at(uint64_t offset, uint64_t size) const {
  if (Status status = check(offset, size); !status.is_ok()) return status;
  return data() + offset;
}

Status SealedFile::check(uint64_t offset, uint64_t size) const {
  const uint64_t last = (offset + size - 1) / kBlockBytes;
  for (uint64_t block = offset / kBlockBytes; block <= last; ++block) {
    if (block_is_good_[block].load(std::memory_order_acquire)) continue;
    if (Status status = check_table(); !status.is_ok()) return status;
    if (Status status = check_block(block); !status.is_ok()) return status;
  }
  return Status::ok();
}

Status SealedFile::verify() const {
  if (Status status = check_table(); !status.is_ok()) return status;
  for (uint64_t block = 0; block < blocks(); ++block) {
    if (Status status = check_block(block); !status.is_ok()) return status;
  }
  return Status::ok();
}

Status SealedFile::damaged(const std::string& what) const { return damaged_file(path_, what); }

std::span<const std::byte> SealedFile::table() const {
  return file_->bytes().subspan(kPageBytes + size_);
}

Status SealedFile::check_table() const {
  if (table_is_good_.load(std::memory_order_acquire)) return Status::ok();
  if (crc32c_(0, table().data(), table().size()) != table_crc_) return damaged("CRC table");
  table_is_good_.store(true, std::memory_order_release);
  return Status::ok();
}

Status SealedFile::check_block(uint64_t block) const {
  const std::span<const std::byte> bytes = block_bytes(block);
  uint32_t expected;
  std::memcpy(&expected, table().data() + block * kCrcBytes, kCrcBytes);
  if (crc32c_(0, bytes.data(), bytes.size()) != expected) {
    return damaged("block " + std::to_string(block));
  }
  block_is_good_[block].store(true, std::memory_order_release);
  return Status::ok();
}

std::span<const std::byte> SealedFile::block_bytes(uint64_t block) const {
  const uint64_t begin = block * kBlockBytes;
  return file_->bytes().subspan(kPageBytes + begin, std::min<uint64_t>(kBlockBytes, size_ - begin));
}

Status DataWriter::pad(size_t alignment) {
  const size_t over = written() % alignment;
  const std::vector<std::byte> zeros(over == 0 ? 0 : alignment - over);
  return put(zeros);
}

Status SealedWriter::header(const std::string& page) {
  block_.reserve(kBlockBytes);
  return file_.write(std::as_bytes(std::span(page)));
}

Status SealedWriter::put(std::span<const std::byte> bytes) {
  written_ += bytes.size();
  while (!bytes.empty()) {
    const size_t part = std::min(bytes.size(), kBlockBytes - block_.size());
    block_.insert(block_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(part));
    bytes = bytes.subspan(part);
    if (block_.size() < kBlockBytes) continue;
    if (Status status = flush(); !status.is_ok()) return status;
  }
  return Status::ok();
}

Result<uint32_t> SealedWriter::end() {
  if (Status status = flush(); !status.is_ok()) return status;
  const std::span<const std::byte> table = std::as_bytes(std::span(table_));
  if (Status status = file_.write(table); !status.is_ok()) return status;
  if (Status status = file_.close(); !status.is_ok()) return status;
  return crc32c_(0, table.data(), table.size());
}

Status SealedWriter::flush() {
  if (block_.empty()) return Status::ok();
  table_.push_back(crc32c_(0, block_.data(), block_.size()));
  Status status = file_.write(block_);
  block_.clear();
  return status;
}

}  // namespace nearsight
