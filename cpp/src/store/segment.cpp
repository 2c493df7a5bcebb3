#include "segment.h"

#include "nearsight/coding.h"

namespace nearsight {

std::string encode_header(const SegmentIdentity& identity, std::span<const Field> fields,
                          Crc32c crc32c) {
  Encoder page;
  page.text(kSegmentMagic);
  page.number(kFormatVersion);
  page.number(identity.truth);
  page.number(identity.number);
  page.number(identity.rows);
  page.fields(fields);
  return header_page(std::move(page.bytes()), crc32c);
}

Result<std::shared_ptr<const Segment>> Segment::open(const Directory& directory,
                                                     const SegmentIdentity& identity,
                                                     std::span<const Field> fields,
                                                     uint32_t table_crc, Crc32c crc32c) {
  auto file = SealedFile::open(directory, kNames.segment_name(identity.number),
                               encode_header(identity, fields, crc32c),
                               Layout(identity.rows, fields).size, table_crc, crc32c);
  if (!file.is_ok()) return file.status();
  return std::shared_ptr<const Segment>(
      std::make_shared<Segment>(std::move(file.value()), identity.number, identity.rows, fields));
}

Segment::Segment(std::unique_ptr<const SealedFile> file, uint64_t number, uint64_t rows,
                 std::span<const Field> fields)
    : file_(std::move(file)), number_(number), layout_(rows, fields) {
  for (const Field& field : fields) strides_.push_back(stride_bytes(field));
}

Result<const RowId*> Segment::ids(size_t begin, size_t count) const {
  auto bytes = file_->at(begin * sizeof(RowId), count * sizeof(RowId));
  if (!bytes.is_ok()) return bytes.status();
  return reinterpret_cast<const RowId*>(bytes.value());
}

Result<const std::byte*> Segment::rows(size_t field, size_t begin, size_t count) const {
  const size_t stride = strides_[field];
  return file_->at(layout_.vectors[field] + begin * stride, count * stride);
}

}  // namespace nearsight
