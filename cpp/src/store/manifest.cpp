#include "manifest.h"

#include "coding.h"

namespace nearsight {
namespace {

Status damaged(const char* what) {
  return Status::corruption(std::string("the cache's manifest is damaged (") + what + ")");
}

uint64_t words_for(uint64_t rows) { return (rows + 63) / 64; }

bool has_bits_past(const std::vector<uint64_t>& words, uint64_t rows) {
  return rows % 64 != 0 && (words.back() >> (rows % 64)) != 0;
}

// One entry; `segment` is whole only if this is ok.
Status decode_segment(Decoder& in, ManifestSegment& segment) {
  segment.number = in.number<uint64_t>();
  segment.rows = in.number<uint64_t>();
  segment.table_crc = in.number<uint32_t>();
  const auto words = in.number<uint64_t>();
  if (!in.ok()) return damaged("it ends too early");
  if (segment.number == 0) return damaged("segment number");
  if (segment.rows == 0 || segment.rows > kMaxRows) return damaged("number of rows");
  if (words == 0) return Status::ok();
  if (words != words_for(segment.rows)) return damaged("bitmap size");
  if (words > in.left() / sizeof(uint64_t)) return damaged("it ends too early");
  segment.live.resize(words);
  for (uint64_t& word : segment.live) word = in.number<uint64_t>();
  return has_bits_past(segment.live, segment.rows) ? damaged("bitmap") : Status::ok();
}

// What stands before the segments: is this file one of ours, whole, and of this truth?
Status check_envelope(std::span<const std::byte> bytes, Crc32c crc32c) {
  Decoder in(bytes);
  if (in.text(kMagicBytes) != kManifestMagic) return damaged("magic");
  const auto version = in.number<uint32_t>();
  if (!in.ok()) return damaged("it ends too early");
  if (version > kFormatVersion) {
    return Status::unsupported("the cache has format version " + std::to_string(version) +
                               ", written by a newer nearsight; this one reads version " +
                               std::to_string(kFormatVersion));
  }
  if (version != kFormatVersion) return damaged("format version");
  if (in.left() < kCrcBytes) return damaged("it ends too early");
  Decoder tail(bytes.last(kCrcBytes));
  const size_t size = bytes.size() - kCrcBytes;
  return tail.number<uint32_t>() == crc32c(0, bytes.data(), size) ? Status::ok() : damaged("CRC");
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
    out.number(static_cast<uint64_t>(segment.live.size()));
    for (const uint64_t word : segment.live) out.number(word);
  }
  out.number(crc32c(0, out.bytes().data(), out.bytes().size()));
  return std::move(out.bytes());
}

Result<Manifest> decode_manifest(std::span<const std::byte> bytes, const TruthId& truth,
                                 std::span<const Field> fields, Crc32c crc32c) {
  if (Status status = check_envelope(bytes, crc32c); !status.is_ok()) return status;
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
    if (Status status = decode_segment(in, segment); !status.is_ok()) return status;
    manifest.segments.push_back(std::move(segment));
  }
  if (!in.ok() || in.left() != 0) return damaged("its length");
  return manifest;
}

}  // namespace nearsight
