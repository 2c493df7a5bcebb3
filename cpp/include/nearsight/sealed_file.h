// A file that is written once, then mapped, and checked block by block as it is touched.
//
// Its bytes (cpp/FORMAT.md): one page of header, the data, and a table of the CRC of each block of
// data. Offsets are counted from the beginning of the data.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nearsight/directory.h"
#include "nearsight/status.h"

namespace nearsight {

// CRC-32C, handed in by whoever chose the kernels.
using Crc32c = uint32_t (*)(uint32_t crc, const void* bytes, size_t size);

inline constexpr size_t kPageBytes = 4096;
inline constexpr size_t kBlockBytes = 65536;
inline constexpr size_t kCrcBytes = 4;

// The header page that begins with `bytes`: zeros, then the CRC. REQUIRES room for both.
std::string header_page(std::string bytes, Crc32c crc32c);

class SealedFile {
 public:
  // Maps the file and checks that it has `size` bytes of data and this header page, which is
  // compared and never believed. `table_crc` is the CRC of the table, from whoever names the file.
  static Result<std::unique_ptr<const SealedFile>> open(const Directory& directory,
                                                        const std::string& name,
                                                        const std::string& page, uint64_t size,
                                                        uint32_t table_crc, Crc32c crc32c);

  SealedFile(std::string path, std::unique_ptr<MappedFile> file, uint64_t size, uint32_t table_crc,
             Crc32c crc32c);

  uint32_t table_crc() const { return table_crc_; }

  // `size` bytes of data, each block checked on its first use; any thread may ask at any time.
  // kCorruption if they touch a damaged block. REQUIRES size >= 1 and that they lie in the data.
  Result<const std::byte*> at(uint64_t offset, uint64_t size) const;
  // The same in two: is it good, and where does the data begin.
  Status check(uint64_t offset, uint64_t size) const;
  const std::byte* data() const { return file_->bytes().data() + kPageBytes; }
  Status verify() const;                          // all of it
  Status damaged(const std::string& what) const;  // what to say of this file

 private:
  Status check_table() const;
  Status check_block(uint64_t block) const;
  uint64_t blocks() const { return (size_ + kBlockBytes - 1) / kBlockBytes; }
  std::span<const std::byte> block_bytes(uint64_t block) const;
  std::span<const std::byte> table() const;

  std::string path_;
  std::unique_ptr<MappedFile> file_;
  uint64_t size_;
  uint32_t table_crc_;
  Crc32c crc32c_;
  // Two threads that meet here do the same check twice and store the same answer: no lock needed.
  mutable std::atomic<bool> table_is_good_ = false;
  std::unique_ptr<std::atomic<bool>[]> block_is_good_;
};

// Takes data from its beginning to its end: a file's, or what memory holds in the same shape.
class DataWriter {
 public:
  virtual ~DataWriter() = default;
  virtual Status put(std::span<const std::byte> bytes) = 0;
  virtual uint64_t written() const = 0;  // bytes put

  Status pad(size_t alignment);  // zeros up to a multiple of it
};

// Writes the bytes of a sealed file in their order and gathers the CRC of each block.
class SealedWriter final : public DataWriter {
 public:
  SealedWriter(FileWriter& file, Crc32c crc32c) : file_(file), crc32c_(crc32c) {}

  Status header(const std::string& page);
  Status put(std::span<const std::byte> bytes) override;
  uint64_t written() const override { return written_; }
  Result<uint32_t> end();  // the table; its CRC comes back

 private:
  Status flush();

  FileWriter& file_;
  Crc32c crc32c_;
  std::vector<std::byte> block_;  // not yet written, less than kBlockBytes
  uint64_t written_ = 0;          // bytes put, the block's included
  std::vector<uint32_t> table_;
};

}  // namespace nearsight
