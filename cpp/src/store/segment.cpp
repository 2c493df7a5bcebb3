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
  for (const Field& field : fields) {
    strides_.push_back(stride_bytes(field));
    sketch_strides_.push_back(sketch_bytes(field));
  }
}

Result<const RowId*> Segment::ids(size_t begin, size_t count) const {
  auto bytes = file_->at(begin * sizeof(RowId), count * sizeof(RowId));
  if (!bytes.is_ok()) return bytes.status();
  return reinterpret_cast<const RowId*>(bytes.value());
}

Result<const std::byte*> Segment::rows(size_t field, size_t begin, Picks picks) const {
  const size_t stride = strides_[field];
  return picked(layout_.vectors[field] + begin * stride, stride, picks);
}

Result<const std::byte*> Segment::sketches(size_t field, size_t begin, Picks picks) const {
  const size_t stride = sketch_strides_[field];
  return picked(layout_.sketches[field] + begin * stride, stride, picks);
}

// What lies between picks is not touched, unless that is little.
Result<const std::byte*> Segment::picked(uint64_t from, size_t stride, Picks picks) const {
  const size_t span = (picks[picks.count - 1] + 1) * stride;
  if (picks.which == nullptr || span <= picks.count * kBlockBytes) return file_->at(from, span);
  for (size_t i = 0; i < picks.count; ++i) {
    const Status status = file_->check(from + picks.which[i] * stride, stride);
    if (!status.is_ok()) return status;
  }
  return file_->data() + from;
}

}  // namespace nearsight
