#include "nearsight/codes.h"

#include <algorithm>
#include <cstring>

#include "code.h"
#include "nearsight/kernels.h"
#include "parts.h"
#include "probe.h"

namespace nearsight {
namespace {

Status damaged(const std::string& path, const std::string& what) {
  return Status::corruption("file '" + path + "' is damaged (" + what + ")");
}

// What the header says has to be possible before anything is sized by it.
Status check_header(const CodesHeader& header, const std::string& path, const TruthId& owner,
                    uint32_t dim, size_t file_bytes) {
  if (header.owner != owner) return damaged(path, "it belongs to another index");
  if (header.dim != dim) return damaged(path, "it has another dim");
  const bool is_sane = header.rows >= 1 && header.rows <= kMaxCodedRows && header.lists >= 1 &&
                       header.lists <= header.rows && header.blocks <= header.rows &&
                       header.blocks * kBlockRows >= header.rows &&
                       header.last_row - header.first_row < kMaxCodedRows &&
                       header.reaches.is_sane();
  if (!is_sane) return damaged(path, "header");
  const CodesLayout layout(header.dim, header.rows, header.blocks, header.lists);
  return layout.size == file_bytes ? Status::ok() : damaged(path, "wrong size");
}

}  // namespace

Codes::Codes(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Codes::~Codes() = default;

Result<std::shared_ptr<const Codes>> Codes::open(const Directory& directory,
                                                 const std::string& name, const TruthId& owner,
                                                 uint32_t dim) {
  const auto kernels = chosen_kernels();
  const auto code_kernels = chosen_code_kernels();
  if (!code_kernels.is_ok()) return code_kernels.status();
  auto file = directory.map(name);
  if (!file.is_ok()) return file.status();
  const std::string path = directory.path() + "/" + name;
  const std::span<const std::byte> bytes = file.value()->bytes();
  if (bytes.size() < kCodesPage) return damaged(path, "cut short");
  CodesHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kCodesMagic.data(), sizeof header.magic) != 0) {
    return damaged(path, "not a codes file");
  }
  if (header.version != kCodesVersion) {
    return Status::unsupported("file '" + path + "' was written by another nearsight");
  }
  uint32_t page_crc;
  std::memcpy(&page_crc, bytes.data() + kCodesPage - sizeof page_crc, sizeof page_crc);
  const auto crc32c = kernels.value()->crc32c;
  if (crc32c(0, bytes.data(), kCodesPage - sizeof page_crc) != page_crc) {
    return damaged(path, "header page");
  }
  if (Status status = check_header(header, path, owner, dim, bytes.size()); !status.is_ok()) {
    return status;
  }
  auto parts =
      std::make_unique<Parts>(std::move(file.value()), path, header, *code_kernels.value(), crc32c);
  return std::shared_ptr<const Codes>(new Codes(std::move(parts)));
}

size_t Codes::size() const { return parts_->header.rows; }
size_t Codes::lists() const { return parts_->header.lists; }
RowId Codes::first_row() const { return parts_->header.first_row; }
RowId Codes::last_row() const { return parts_->header.last_row; }
size_t Codes::file_bytes() const { return parts_->bytes.size(); }
Status Codes::verify() const { return parts_->bytes.verify(); }

// Lists that lead out of the file would be read as if they were there.
Status Codes::Parts::check_lists() const {
  Status status = bytes.check(layout.mean, layout.factors - layout.mean);
  if (!status.is_ok()) return status;
  const ListEntry* const list = entries();
  bool is_sane = list[0].first_slot == 0 && list[0].first_block == 0 &&
                 list[header.lists].first_slot == header.rows &&
                 list[header.lists].first_block == header.blocks;
  for (size_t i = 0; is_sane && i < header.lists; ++i) {
    const uint64_t rows = list[i + 1].first_slot - list[i].first_slot;
    is_sane = list[i].first_slot <= list[i + 1].first_slot && rows <= header.rows &&
              list[i + 1].first_block - list[i].first_block == (rows + kBlockRows - 1) / kBlockRows;
  }
  if (!is_sane) return Status::corruption("a codes file is damaged (lists)");
  coarse_is_good.store(true, std::memory_order_release);
  return status;
}

Status Codes::Parts::check_blocks(uint64_t first, uint64_t count) const {
  if (count == 0) return Status::ok();
  const uint64_t code_bytes = 4 * wide(), factor_bytes = 32 * sizeof(float);
  Status status = bytes.check(layout.codes + first * code_bytes, count * code_bytes);
  if (!status.is_ok()) return status;
  return bytes.check(layout.factors + first * factor_bytes, count * factor_bytes);
}

Status Codes::Parts::check_list(const ListEntry& list, uint64_t rows, uint64_t blocks) const {
  Status status = check_blocks(list.first_block, blocks);
  if (status.is_ok()) status = check_slots(list.first_slot, rows);
  if (!status.is_ok() || rows == 0) return status;
  const uint64_t stride = layout.row_stride * 2;
  return bytes.check(layout.vectors + list.first_slot * stride, rows * stride);
}

Status Codes::Parts::check_slots(uint64_t first, uint64_t count) const {
  if (count == 0) return Status::ok();
  return bytes.check(layout.row_ids + first * sizeof(uint32_t), count * sizeof(uint32_t));
}

Result<std::vector<RowId>> Codes::ids() const {
  if (Status status = parts_->check_slots(0, size()); !status.is_ok()) return status;
  std::vector<RowId> ids(size());
  for (size_t slot = 0; slot < ids.size(); ++slot) ids[slot] = parts_->row_id(slot);
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<CodeMask> Codes::mask(const RowMask& rows) const {
  if (Status status = parts_->check_coarse(); !status.is_ok()) return status;
  if (Status status = parts_->check_slots(0, size()); !status.is_ok()) return status;
  CodeMask mask;
  mask.blocks_.resize(parts_->header.blocks);
  mask.in_list_.resize(lists());
  const auto* const row_ids = parts_->at<uint32_t>(parts_->layout.row_ids);
  const ListEntry* const entries = parts_->entries();
  for (size_t list = 0; list < lists(); ++list) {
    const ListEntry& entry = entries[list];
    const uint64_t count = entries[list + 1].first_slot - entry.first_slot;
    for (uint64_t i = 0; i < count; ++i) {
      const uint32_t row = row_ids[entry.first_slot + i];
      if (row >= rows.size() || !rows.test(row)) continue;
      mask.blocks_[entry.first_block + i / kBlockRows] |= uint32_t{1} << i % kBlockRows;
      ++mask.in_list_[list];
    }
    mask.count_ += mask.in_list_[list];
  }
  return mask;
}

Result<CodesAnswer> Codes::search(const CodesQuestion& question) const {
  try {
    return Probe(*parts_, question).run();
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory("out of memory");
  }
}

}  // namespace nearsight
