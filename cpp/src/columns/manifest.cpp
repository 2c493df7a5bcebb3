#include "manifest.h"

namespace nearsight {
namespace {

constexpr std::array<uint64_t Counts::*, 8> kCounts = {
    &Counts::docs,         &Counts::owners, &Counts::rows,      &Counts::columns,
    &Counts::column_bytes, &Counts::keys,   &Counts::key_bytes, &Counts::postings};

// One entry; `part` is whole only if this is ok.
Status decode_part(Decoder& in, ColumnsManifestPart& part) {
  part.number = in.number<uint64_t>();
  part.table_crc = in.number<uint32_t>();
  for (const auto count : kCounts) part.counts.*count = in.number<uint64_t>();
  if (!in.ok()) return damaged_manifest("it ends too early");
  if (part.number == 0) return damaged_manifest("segment number");
  if (!part.counts.is_possible()) return damaged_manifest("counts");
  return decode_live(in, part.counts.docs, part.live);
}

}  // namespace

void encode_counts(Encoder& out, const Counts& counts) {
  for (const auto count : kCounts) out.number(counts.*count);
}

std::string encode_columns_manifest(const ColumnsManifest& manifest, const TruthId& truth,
                                    Crc32c crc32c) {
  Encoder out;
  out.text(kColumnsMagic);
  out.number(kColumnsVersion);
  out.number(truth);
  out.number(manifest.generation);
  out.number(static_cast<uint32_t>(manifest.parts.size()));
  for (const ColumnsManifestPart& part : manifest.parts) {
    out.number(part.number);
    out.number(part.table_crc);
    encode_counts(out, part.counts);
    encode_live(out, part.live);
  }
  out.number(crc32c(0, out.bytes().data(), out.bytes().size()));
  return std::move(out.bytes());
}

Result<ColumnsManifest> decode_columns_manifest(std::span<const std::byte> bytes,
                                                const TruthId& truth, Crc32c crc32c) {
  Status status = check_envelope(bytes, kColumnsMagic, kColumnsVersion, crc32c);
  if (!status.is_ok()) return status;
  Decoder in(bytes.first(bytes.size() - kCrcBytes).subspan(kMagicBytes + sizeof kColumnsVersion));
  if (in.number<TruthId>() != truth) {
    return Status::invalid_argument("the cache was derived from another database");
  }
  ColumnsManifest manifest{};
  manifest.generation = in.number<uint64_t>();
  const auto count = in.number<uint32_t>();
  for (uint32_t i = 0; i < count; ++i) {
    ColumnsManifestPart part{};
    if (status = decode_part(in, part); !status.is_ok()) return status;
    manifest.parts.push_back(std::move(part));
  }
  if (!in.ok() || in.left() != 0) return damaged_manifest("its length");
  return manifest;
}

}  // namespace nearsight
