#include "segment.h"

#include <cstring>

#include "coding.h"

namespace nearsight {
namespace {

Status damaged(const std::string& path, const std::string& what) {
  return Status::corruption("cache file '" + path + "' is damaged (" + what +
                            "): delete the cache, it is rebuilt from the database");
}

}  // namespace

std::string segment_name(uint64_t number) {
  return std::string(kSegmentPrefix) + std::to_string(number) + std::string(kSegmentSuffix);
}

std::string encode_header(const SegmentIdentity& identity, std::span<const Field> fields,
                          Crc32c crc32c) {
  Encoder page;
  page.text(kSegmentMagic);
  page.number(kFormatVersion);
  page.number(identity.truth);
  page.number(identity.number);
  page.number(identity.rows);
  page.fields(fields);
  page.bytes().resize(kPageBytes - kCrcBytes);
  page.number(crc32c(0, page.bytes().data(), page.bytes().size()));
  return std::move(page.bytes());
}

Result<std::shared_ptr<const Segment>> Segment::open(const Directory& directory,
                                                     const SegmentIdentity& identity,
                                                     std::span<const Field> fields,
                                                     uint32_t table_crc, Crc32c crc32c) {
  const std::string name = segment_name(identity.number);
  const std::string path = directory.path() + "/" + name;
  auto file = directory.map(name);
  if (!file.is_ok()) return file.status();
  const std::span<const std::byte> bytes = file.value()->bytes();
  if (bytes.size() != Layout(identity.rows, fields).size) return damaged(path, "wrong size");

  // Everything in a header page is known before: it is compared, never believed.
  const std::string page = encode_header(identity, fields, crc32c);
  if (std::memcmp(bytes.data(), page.data(), kPageBytes) != 0) return damaged(path, "header page");
  return std::shared_ptr<const Segment>(std::make_shared<Segment>(
      path, std::move(file.value()), identity.number, identity.rows, fields, table_crc, crc32c));
}

Segment::Segment(std::string path, std::unique_ptr<MappedFile> file, uint64_t number, uint64_t rows,
                 std::span<const Field> fields, uint32_t table_crc, Crc32c crc32c)
    : path_(std::move(path)),
      file_(std::move(file)),
      number_(number),
      layout_(rows, fields),
      table_crc_(table_crc),
      crc32c_(crc32c),
      block_is_good_(std::make_unique<std::atomic<bool>[]>(layout_.blocks)) {
  for (const Field& field : fields) strides_.push_back(stride_bytes(field));
}

Result<const RowId*> Segment::ids(size_t begin, size_t count) const {
  auto bytes = checked(kPageBytes + begin * sizeof(RowId), count * sizeof(RowId));
  if (!bytes.is_ok()) return bytes.status();
  return reinterpret_cast<const RowId*>(bytes.value());
}

Result<const std::byte*> Segment::rows(size_t field, size_t begin, size_t count) const {
  const size_t stride = strides_[field];
  return checked(layout_.vectors[field] + begin * stride, count * stride);
}

Status Segment::verify() const {
  if (Status status = check_table(); !status.is_ok()) return status;
  for (uint64_t block = 0; block < layout_.blocks; ++block) {
    if (Status status = check_block(block); !status.is_ok()) return status;
  }
  return Status::ok();
}

Result<const std::byte*> Segment::checked(uint64_t offset, uint64_t size) const {
  const uint64_t last = (offset + size - 1 - kPageBytes) / kBlockBytes;
  for (uint64_t block = (offset - kPageBytes) / kBlockBytes; block <= last; ++block) {
    if (block_is_good_[block].load(std::memory_order_acquire)) continue;
    if (Status status = check_table(); !status.is_ok()) return status;
    if (Status status = check_block(block); !status.is_ok()) return status;
  }
  return file_->bytes().data() + offset;
}

Status Segment::check_table() const {
  if (table_is_good_.load(std::memory_order_acquire)) return Status::ok();
  const std::span<const std::byte> table = file_->bytes().subspan(layout_.table);
  if (crc32c_(0, table.data(), table.size()) != table_crc_) return damaged(path_, "CRC table");
  table_is_good_.store(true, std::memory_order_release);
  return Status::ok();
}

Status Segment::check_block(uint64_t block) const {
  const std::span<const std::byte> bytes = block_bytes(block);
  uint32_t expected;
  std::memcpy(&expected, file_->bytes().data() + layout_.table + block * kCrcBytes, kCrcBytes);
  if (crc32c_(0, bytes.data(), bytes.size()) != expected) {
    return damaged(path_, "block " + std::to_string(block));
  }
  block_is_good_[block].store(true, std::memory_order_release);
  return Status::ok();
}

std::span<const std::byte> Segment::block_bytes(uint64_t block) const {
  const uint64_t begin = kPageBytes + block * kBlockBytes;
  return file_->bytes().subspan(begin, std::min<uint64_t>(kBlockBytes, layout_.table - begin));
}

Status SegmentWriter::header(const std::string& page) {
  block_.reserve(kBlockBytes);
  return file_.write(std::as_bytes(std::span(page)));
}

Status SegmentWriter::put(std::span<const std::byte> bytes) {
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

Status SegmentWriter::end_section() {
  const std::vector<std::byte> zeros(Layout::padded(written_) - written_);
  return put(zeros);
}

Result<uint32_t> SegmentWriter::end_segment() {
  if (Status status = flush(); !status.is_ok()) return status;
  const std::span<const std::byte> table = std::as_bytes(std::span(table_));
  if (Status status = file_.write(table); !status.is_ok()) return status;
  if (Status status = file_.close(); !status.is_ok()) return status;
  return crc32c_(0, table.data(), table.size());
}

Status SegmentWriter::flush() {
  if (block_.empty()) return Status::ok();
  table_.push_back(crc32c_(0, block_.data(), block_.size()));
  Status status = file_.write(block_);
  block_.clear();
  return status;
}

}  // namespace nearsight
