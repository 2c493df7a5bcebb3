#include "manifest.h"

#include "nearsight/cache_files.h"
#include "nearsight/coding.h"

namespace nearsight {
namespace {

// One entry; `segment` is whole only if this is ok.
Status decode_segment(Decoder& in, ManifestSegment& segment) {
  segment.number = in.number<uint64_t>();
  segment.rows = in.number<uint64_t>();
  segment.table_crc = in.number<uint32_t>();
  if (!in.ok()) return damaged_manifest("it ends too early");
  if (segment.number == 0) return damaged_manifest("segment number");
  if (segment.rows == 0 || segment.rows > kMaxRows) return damaged_manifest("number of rows");
  return decode_live(in, segment.rows, segment.live);
}

}  // namespace

std::string encode_manifest(const Manifest& manifest, const TruthId& truth,
                            std::span<const Field> fields, Crc32c crc32c) {
  Encoder out;
  out.text(kManifestMagic);
  out.number(kFormatVersion);
  out.number(truth);
  out.number(manifest.generation);
  out.number(manifest.last_id);
  out.fields(fields);
  out.number(static_cast<uint32_t>(manifest.segments.size()));
  for (const ManifestSegment& segment : manifest.segments) {
    out.number(segment.number);
    out.number(segment.rows);
    out.number(segment.table_crc);
    encode_live(out, segment.live);
  }
  out.number(crc32c(0, out.bytes().data(), out.bytes().size()));
  return std::move(out.bytes());
}

Result<Manifest> decode_manifest(std::span<const std::byte> bytes, const TruthId& truth,
                                 std::span<const Field> fields, Crc32c crc32c) {
  Status status = check_envelope(bytes, kManifestMagic, kFormatVersion, crc32c);
  if (!status.is_ok()) return status;
  Decoder in(bytes.first(bytes.size() - kCrcBytes).subspan(kMagicBytes + sizeof kFormatVersion));
  if (in.number<TruthId>() != truth) {
    return Status::invalid_argument("the cache was derived from another database");
  }
  Manifest manifest{};
  manifest.generation = in.number<uint64_t>();
  manifest.last_id = in.number<RowId>();
  if (!in.matches(fields)) {
    return Status::invalid_argument("the cache holds other vector fields than the database");
  }
  const auto count = in.number<uint32_t>();
  for (uint32_t i = 0; i < count; ++i) {
    ManifestSegment segment{};
    if (status = decode_segment(in, segment); !status.is_ok()) return status;
    manifest.segments.push_back(std::move(segment));
  }
  if (!in.ok() || in.left() != 0) return damaged_manifest("its length");
  return manifest;
}

}  // namespace nearsight
