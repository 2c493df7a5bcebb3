#include "nearsight/store.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "format.h"
#include "manifest.h"
#include "segment.h"

namespace nearsight {
namespace {

// Rows are copied into a new segment in pieces of at most this many bytes.
constexpr size_t kCopyBytes = size_t{1} << 20;

// A writer in another process may replace the manifest, and remove the segments of the old one,
// while we are between the two: what fails is looked at again.
constexpr int kLoadsAgain = 2;

// The number in a name of our patterns; nothing if the name is not ours.
std::optional<uint64_t> number_in(std::string_view name) {
  for (const auto& [prefix, suffix] :
       {std::pair(kSegmentPrefix, kSegmentSuffix), std::pair(kTemporaryPrefix, kTemporarySuffix)}) {
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    if (name.size() <= prefix.size() + suffix.size()) continue;
    const char* const begin = name.data() + prefix.size();
    const char* const end = name.data() + name.size() - suffix.size();
    uint64_t number = 0;
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error == std::errc() && stop == end && *begin != '0') return number;
  }
  return std::nullopt;
}

std::string temporary_name(uint64_t number) {
  return std::string(kTemporaryPrefix) + std::to_string(number) + std::string(kTemporarySuffix);
}

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

// The first part to be rewritten (FORMAT.md, "What a writer does").
size_t first_to_write(const Contents& now) {
  size_t first = now.parts.size();
  size_t writing = 0;  // living rows of [first, end)
  for (size_t i = now.parts.size(); i-- > 0;) {
    const PlacedPart& part = now.parts[i];
    const size_t live = now.live.count_in(part.begin, part.end());
    const bool is_small = first == i + 1 && live < 2 * writing;
    const bool is_mostly_erased = 2 * live < part.rows;
    if (!part.part->is_saved() || is_small || is_mostly_erased) {
      for (; first > i; --first) {
        const PlacedPart& joining = now.parts[first - 1];
        writing += now.live.count_in(joining.begin, joining.end());
      }
    }
  }
  return first;
}

size_t rows_at_once(size_t row_bytes) { return std::max<size_t>(1, kCopyBytes / row_bytes); }

Status copy_ids(const Contents& now, size_t first, SegmentWriter& out) {
  const size_t most = rows_at_once(sizeof(RowId));
  return walk(now, now.live, first, most, [&](const PlacedPart& from, size_t row, size_t count) {
    auto ids = from.part->ids(row, count);
    if (!ids.is_ok()) return ids.status();
    return out.put(std::as_bytes(std::span(ids.value(), count)));
  });
}

Status copy_vectors(const Contents& now, size_t first, size_t field, size_t stride,
                    SegmentWriter& out) {
  const size_t most = rows_at_once(stride);
  return walk(now, now.live, first, most, [&](const PlacedPart& from, size_t row, size_t count) {
    auto rows = from.part->rows(field, row, count);
    if (!rows.is_ok()) return rows.status();
    return out.put(std::span(rows.value(), count * stride));
  });
}

Result<uint32_t> write_rows(const Contents& now, size_t first, const std::string& header,
                            std::span<const Field> fields, SegmentWriter& out) {
  if (Status status = out.header(header); !status.is_ok()) return status;
  if (Status status = copy_ids(now, first, out); !status.is_ok()) return status;
  if (Status status = out.end_section(); !status.is_ok()) return status;
  for (size_t f = 0; f < fields.size(); ++f) {
    Status status = copy_vectors(now, first, f, stride_bytes(fields[f]), out);
    if (!status.is_ok()) return status;
    if (status = out.end_section(); !status.is_ok()) return status;
  }
  return out.end_segment();
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
    has_manifest = has_manifest || name == kManifestName;
    const uint64_t number = number_in(name).value_or(0);
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
  auto file = directory_->map(std::string(kManifestName));
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
  const std::string name = segment_name(identity.number);
  auto file = directory_->create(name);
  if (!file.is_ok()) return file.status();
  SegmentWriter out(*file.value(), crc32c_);
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
  const std::string temporary = temporary_name(next_number_++);
  auto file = directory_->create(temporary);
  if (!file.is_ok()) return file.status();
  Status status = file.value()->write(std::as_bytes(std::span(bytes)));
  if (status.is_ok()) status = file.value()->close();
  if (status.is_ok()) status = directory_->rename(temporary, std::string(kManifestName));
  if (!status.is_ok()) (void)directory_->remove(temporary);
  return status;
}

void Store::discard(const PlacedPart& written) {
  if (written.rows == 0) return;
  (void)directory_->remove(segment_name(static_cast<const Segment&>(*written.part).number()));
}

// Removes what the manifest doesn't name. What can't be removed now will be next time.
void Store::sweep(const Contents& now) {
  auto names = directory_->list();
  if (!names.is_ok()) return;
  for (const std::string& name : names.value()) {
    const bool is_used = std::any_of(now.parts.begin(), now.parts.end(), [&](const auto& part) {
      return part.part->is_saved() &&
             segment_name(static_cast<const Segment&>(*part.part).number()) == name;
    });
    if (!is_used && number_in(name).has_value()) (void)directory_->remove(name);
  }
}

}  // namespace nearsight
