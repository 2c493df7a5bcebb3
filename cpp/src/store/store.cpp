#include "nearsight/store.h"

#include <algorithm>

#include "format.h"
#include "manifest.h"
#include "segment.h"

namespace nearsight {
namespace {

// Rows are copied into a new segment in pieces of at most this many bytes.
constexpr size_t kCopyBytes = size_t{1} << 20;

void place(Contents& contents, PlacedPart part, std::span<const uint64_t> live) {
  part.begin = contents.next_position();
  contents.live.resize(part.end());
  if (live.empty()) contents.live.set_range(part.begin, part.end());
  std::ranges::copy(live, contents.live.words().subspan(part.begin / 64).begin());
  contents.parts.push_back(std::move(part));
}

std::span<const uint64_t> live_words(const Contents& contents, const PlacedPart& part) {
  return contents.live.words().subspan(part.begin / 64, (part.rows + 63) / 64);
}

size_t first_to_write(const Contents& now) {
  std::vector<PartSize> sizes;
  for (const PlacedPart& part : now.parts) {
    sizes.push_back({part.rows, now.live.count_in(part.begin, part.end()), part.part->is_saved()});
  }
  return first_to_write(sizes);
}

size_t rows_at_once(size_t row_bytes) { return std::max<size_t>(1, kCopyBytes / row_bytes); }

Status copy_ids(const Contents& now, size_t first, SealedWriter& out) {
  const size_t most = rows_at_once(sizeof(RowId));
  return walk(now, now.live, first, most, [&](const PlacedPart& from, size_t row, size_t count) {
    auto ids = from.part->ids(row, count);
    if (!ids.is_ok()) return ids.status();
    return out.put(std::as_bytes(std::span(ids.value(), count)));
  });
}

// What Part::rows or Part::sketches gives; no bytes, nothing to copy.
using Give = Result<const std::byte*> (Part::*)(size_t field, size_t begin, Picks picks) const;

Status copy(const Contents& now, size_t first, Give give, size_t field, size_t stride,
            SealedWriter& out) {
  if (stride == 0) return Status::ok();
  const size_t most = rows_at_once(stride);
  Status status =
      walk(now, now.live, first, most, [&](const PlacedPart& from, size_t row, size_t count) {
        auto bytes = (*from.part.*give)(field, row, {nullptr, count});
        if (!bytes.is_ok()) return bytes.status();
        return out.put(std::span(bytes.value(), count * stride));
      });
  return status.is_ok() ? out.pad(kPageBytes) : status;
}

Result<uint32_t> write_rows(const Contents& now, size_t first, const std::string& header,
                            std::span<const Field> fields, SealedWriter& out) {
  if (Status status = out.header(header); !status.is_ok()) return status;
  if (Status status = copy_ids(now, first, out); !status.is_ok()) return status;
  if (Status status = out.pad(kPageBytes); !status.is_ok()) return status;
  for (size_t f = 0; f < fields.size(); ++f) {
    Status status = copy(now, first, &Part::rows, f, stride_bytes(fields[f]), out);
    if (!status.is_ok()) return status;
    status = copy(now, first, &Part::sketches, f, sketch_bytes(fields[f]), out);
    if (!status.is_ok()) return status;
  }
  return out.end();
}

}  // namespace

Store::Store(std::shared_ptr<Directory> directory, const TruthId& truth, std::vector<Field> fields,
             Crc32c crc32c)
    : directory_(std::move(directory)),
      truth_(truth),
      fields_(std::move(fields)),
      crc32c_(crc32c) {}

Result<std::unique_ptr<Store>> Store::open(std::shared_ptr<Directory> directory,
                                           const TruthId& truth, std::vector<Field> fields,
                                           Crc32c crc32c) {
  auto names = directory->list();
  if (!names.is_ok()) return names.status();
  std::unique_ptr<Store> store(new Store(std::move(directory), truth, std::move(fields), crc32c));
  bool has_manifest = false;
  for (const std::string& name : names.value()) {
    has_manifest = has_manifest || name == kNames.manifest;
    const uint64_t number = kNames.number_in(name).value_or(0);
    store->next_number_ = std::max(store->next_number_, number + 1);
  }
  if (!has_manifest) return store;
  Status status = store->load();
  for (int again = 0; again < kLoadsAgain && !status.is_ok(); ++again) status = store->load();
  if (!status.is_ok()) {
    store->found_ = Contents();
    store->dropped_because_ = status.message();
  }
  return store;
}

Status Store::load() {
  found_ = Contents();
  auto file = directory_->map(std::string(kNames.manifest));
  if (!file.is_ok()) return file.status();
  auto manifest = decode_manifest(file.value()->bytes(), truth_, fields_, crc32c_);
  if (!manifest.is_ok()) return manifest.status();
  found_.generation = manifest.value().generation;
  found_.last_id = manifest.value().last_id;
  for (const ManifestSegment& entry : manifest.value().segments) {
    const SegmentIdentity identity{truth_, entry.number, entry.rows};
    auto segment = Segment::open(*directory_, identity, fields_, entry.table_crc, crc32c_);
    if (!segment.is_ok()) return segment.status();
    place(found_, {segment.value(), entry.rows, 0}, entry.live);
  }
  return Status::ok();
}

Result<Contents> Store::save(const Contents& now) {
  const size_t first = first_to_write(now);
  Contents saved;
  saved.generation = now.generation;
  saved.last_id = now.last_id;
  for (size_t i = 0; i < first; ++i) place(saved, now.parts[i], live_words(now, now.parts[i]));
  auto written = write_segment(now, first);
  if (!written.is_ok()) return written.status();
  if (written.value().rows > 0) place(saved, written.value(), {});
  if (Status status = write_manifest(saved); !status.is_ok()) {
    discard(written.value());
    return status;
  }
  sweep(saved);
  return saved;
}

// The living rows of the parts from `first` on as one segment; no rows, no file.
Result<PlacedPart> Store::write_segment(const Contents& now, size_t first) {
  const size_t begin = first < now.parts.size() ? now.parts[first].begin : now.live.size();
  const size_t rows = now.live.count_in(begin, now.live.size());
  if (rows == 0) return PlacedPart{nullptr, 0, 0};

  const SegmentIdentity identity{truth_, next_number_++, rows};
  const std::string name = kNames.segment_name(identity.number);
  auto file = directory_->create(name);
  if (!file.is_ok()) return file.status();
  SealedWriter out(*file.value(), crc32c_);
  const std::string header = encode_header(identity, fields_, crc32c_);
  const auto table_crc = write_rows(now, first, header, fields_, out);
  file.value().reset();
  auto segment = table_crc.is_ok()
                     ? Segment::open(*directory_, identity, fields_, table_crc.value(), crc32c_)
                     : table_crc.status();
  if (segment.is_ok()) return PlacedPart{segment.value(), rows, 0};
  (void)directory_->remove(name);  // a full disk gets its space back at once
  return segment.status();
}

Status Store::write_manifest(const Contents& now) {
  Manifest manifest{now.generation, now.last_id, {}};
  for (const PlacedPart& part : now.parts) {
    const auto& segment = static_cast<const Segment&>(*part.part);
    const std::span<const uint64_t> words = live_words(now, part);
    const bool is_whole = now.live.count_in(part.begin, part.end()) == part.rows;
    manifest.segments.push_back(
        {segment.number(), part.rows, segment.table_crc(),
         is_whole ? std::vector<uint64_t>() : std::vector<uint64_t>(words.begin(), words.end())});
  }
  const std::string bytes = encode_manifest(manifest, truth_, fields_, crc32c_);
  return publish_manifest(*directory_, kNames, next_number_++, bytes);
}

void Store::discard(const PlacedPart& written) {
  if (written.rows == 0) return;
  (void)directory_->remove(
      kNames.segment_name(static_cast<const Segment&>(*written.part).number()));
}

// Removes what the manifest doesn't name.
void Store::sweep(const Contents& now) {
  sweep_files(*directory_, kNames, [&](const std::string& name) {
    return std::any_of(now.parts.begin(), now.parts.end(), [&](const PlacedPart& part) {
      const auto& segment = static_cast<const Segment&>(*part.part);
      return kNames.segment_name(segment.number()) == name;
    });
  });
}

}  // namespace nearsight
