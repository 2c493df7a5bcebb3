// One rows-<n>.seg: written once, then mapped and checked block by block as it is touched.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "format.h"
#include "nearsight/directory.h"
#include "nearsight/store.h"

namespace nearsight {

// What both ends of a segment have to agree on.
struct SegmentIdentity {
  TruthId truth;
  uint64_t number;
  uint64_t rows;
};

std::string segment_name(uint64_t number);
std::string encode_header(const SegmentIdentity& identity, std::span<const Field> fields,
                          Crc32c crc32c);

class Segment final : public Part {
 public:
  // Maps the file and checks its size and header page. `table_crc` is what the manifest says.
  static Result<std::shared_ptr<const Segment>> open(const Directory& directory,
                                                     const SegmentIdentity& identity,
                                                     std::span<const Field> fields,
                                                     uint32_t table_crc, Crc32c crc32c);

  Segment(std::string path, std::unique_ptr<MappedFile> file, uint64_t number, uint64_t rows,
          std::span<const Field> fields, uint32_t table_crc, Crc32c crc32c);

  uint64_t number() const { return number_; }
  uint32_t table_crc() const { return table_crc_; }

  Result<const RowId*> ids(size_t begin, size_t count) const override;
  Result<const std::byte*> rows(size_t field, size_t begin, size_t count) const override;
  bool is_saved() const override { return true; }
  Status verify() const override;

 private:
  Result<const std::byte*> checked(uint64_t offset, uint64_t size) const;
  Status check_table() const;
  Status check_block(uint64_t block) const;
  std::span<const std::byte> block_bytes(uint64_t block) const;

  std::string path_;
  std::unique_ptr<MappedFile> file_;
  uint64_t number_;
  Layout layout_;
  std::vector<size_t> strides_;
  uint32_t table_crc_;
  Crc32c crc32c_;
  // Two threads that meet here do the same check twice and store the same answer: no lock needed.
  mutable std::atomic<bool> table_is_good_ = false;
  std::unique_ptr<std::atomic<bool>[]> block_is_good_;
};

// Writes the bytes of a segment in their order and gathers the CRC of each block.
class SegmentWriter {
 public:
  SegmentWriter(FileWriter& file, Crc32c crc32c) : file_(file), crc32c_(crc32c) {}

  Status header(const std::string& page);
  Status put(std::span<const std::byte> bytes);
  Status end_section();            // zeros up to the next page
  Result<uint32_t> end_segment();  // the table; its CRC comes back

 private:
  Status flush();

  FileWriter& file_;
  Crc32c crc32c_;
  std::vector<std::byte> block_;  // not yet written, less than kBlockBytes
  uint64_t written_ = 0;          // bytes put, the block's included
  std::vector<uint32_t> table_;
};

}  // namespace nearsight
