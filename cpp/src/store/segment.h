// One rows-<n>.seg: written once, then mapped and checked block by block as it is touched.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "format.h"
#include "nearsight/directory.h"
#include "nearsight/sealed_file.h"
#include "nearsight/store.h"

namespace nearsight {

// What both ends of a segment have to agree on.
struct SegmentIdentity {
  TruthId truth;
  uint64_t number;
  uint64_t rows;
};

std::string encode_header(const SegmentIdentity& identity, std::span<const Field> fields,
                          Crc32c crc32c);

class Segment final : public Part {
 public:
  // Maps the file and checks its size and header page. `table_crc` is what the manifest says.
  static Result<std::shared_ptr<const Segment>> open(const Directory& directory,
                                                     const SegmentIdentity& identity,
                                                     std::span<const Field> fields,
                                                     uint32_t table_crc, Crc32c crc32c);

  Segment(std::unique_ptr<const SealedFile> file, uint64_t number, uint64_t rows,
          std::span<const Field> fields);

  uint64_t number() const { return number_; }
  uint32_t table_crc() const { return file_->table_crc(); }

  Result<const RowId*> ids(size_t begin, size_t count) const override;
  Result<const std::byte*> rows(size_t field, size_t begin, Picks picks) const override;
  Result<const std::byte*> sketches(size_t field, size_t begin, Picks picks) const override;
  bool is_saved() const override { return true; }
  Status verify() const override { return file_->verify(); }

 private:
  Result<const std::byte*> picked(uint64_t from, size_t stride, Picks picks) const;

  std::unique_ptr<const SealedFile> file_;
  uint64_t number_;
  Layout layout_;
  std::vector<size_t> strides_;
  std::vector<size_t> sketch_strides_;
};

}  // namespace nearsight
