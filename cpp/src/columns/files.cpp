#include "files.h"

#include <algorithm>

#include "manifest.h"
#include "merge.h"

namespace nearsight {

Result<std::unique_ptr<ColumnFiles>> ColumnFiles::open(std::shared_ptr<Directory> directory,
                                                       const TruthId& truth, Crc32c crc32c) {
  auto names = directory->list();
  if (!names.is_ok()) return names.status();
  std::unique_ptr<ColumnFiles> files(new ColumnFiles(std::move(directory), truth, crc32c));
  bool has_manifest = false;
  for (const std::string& name : names.value()) {
    has_manifest = has_manifest || name == kColumnsNames.manifest;
    const uint64_t number = kColumnsNames.number_in(name).value_or(0);
    files->next_number_ = std::max(files->next_number_, number + 1);
  }
  if (!has_manifest) return files;
  Status status = files->load();
  for (int again = 0; again < kLoadsAgain && !status.is_ok(); ++again) status = files->load();
  if (!status.is_ok()) {
    files->found_ = ColumnsContents();
    files->dropped_because_ = status.message();
  }
  return files;
}

Status ColumnFiles::load() {
  found_ = ColumnsContents();
  auto file = directory_->map(std::string(kColumnsNames.manifest));
  if (!file.is_ok()) return file.status();
  auto manifest = decode_columns_manifest(file.value()->bytes(), truth_, crc32c_);
  if (!manifest.is_ok()) return manifest.status();
  found_.generation = manifest.value().generation;
  for (const ColumnsManifestPart& entry : manifest.value().parts) {
    auto part = open_part(entry.number, entry.counts, entry.table_crc);
    if (!part.is_ok()) return part.status();
    found_.place(part.value(), entry.live);
  }
  return Status::ok();
}

std::string ColumnFiles::header(uint64_t number, const Counts& counts) const {
  Encoder page;
  page.text(kColumnsSegmentMagic);
  page.number(kColumnsVersion);
  page.number(truth_);
  page.number(number);
  encode_counts(page, counts);
  return header_page(std::move(page.bytes()), crc32c_);
}

Result<std::shared_ptr<const ColumnPart>> ColumnFiles::open_part(uint64_t number,
                                                                 const Counts& counts,
                                                                 uint32_t table_crc) const {
  auto file =
      SealedFile::open(*directory_, kColumnsNames.segment_name(number), header(number, counts),
                       ColumnsLayout(counts).size, table_crc, crc32c_);
  if (!file.is_ok()) return file.status();
  return std::shared_ptr<const ColumnPart>(
      std::make_shared<ColumnPart>(counts, number, std::move(file.value())));
}

Result<ColumnsContents> ColumnFiles::save(const ColumnsContents& now) {
  const size_t first = now.first_to_merge();
  ColumnsContents saved;
  saved.generation = now.generation;
  for (size_t i = 0; i < first; ++i) saved.place(now.parts[i].part, now.live_words(now.parts[i]));
  auto written = write_part(now, first);
  if (!written.is_ok()) return written.status();
  if (written.value() != nullptr) saved.place(written.value(), {});

  ColumnsManifest manifest{now.generation, {}};
  for (const PlacedColumns& placed : saved.parts) {
    const ColumnPart& part = *placed.part;
    const std::span<const uint64_t> words = saved.live_words(placed);
    manifest.parts.push_back({part.number(), part.table_crc(), part.counts(), {}});
    if (saved.live_count(placed) == placed.docs()) continue;
    manifest.parts.back().live.assign(words.begin(), words.end());
  }
  Status status = publish_manifest(*directory_, kColumnsNames, next_number_++,
                                   encode_columns_manifest(manifest, truth_, crc32c_));
  if (!status.is_ok()) {
    if (written.value() == nullptr) return status;
    (void)directory_->remove(kColumnsNames.segment_name(written.value()->number()));
    return status;
  }
  sweep_files(*directory_, kColumnsNames, [&](const std::string& name) {
    return std::ranges::any_of(saved.parts, [&](const PlacedColumns& placed) {
      return kColumnsNames.segment_name(placed.part->number()) == name;
    });
  });
  return saved;
}

// The living documents of the parts from `first` on as one file; no documents, no file.
Result<std::shared_ptr<const ColumnPart>> ColumnFiles::write_part(const ColumnsContents& now,
                                                                  size_t first) {
  const size_t begin = first < now.parts.size() ? now.parts[first].begin : now.live.size();
  if (!now.live.any_in(begin, now.live.size())) return std::shared_ptr<const ColumnPart>();
  auto merge = ColumnMerge::plan(now, first);
  if (!merge.is_ok()) return merge.status();

  const uint64_t number = next_number_++;
  const std::string name = kColumnsNames.segment_name(number);
  auto file = directory_->create(name);
  if (!file.is_ok()) return file.status();
  SealedWriter out(*file.value(), crc32c_);
  Status status = out.header(header(number, merge.value().counts()));
  if (status.is_ok()) status = merge.value().write(out);
  const auto table_crc = status.is_ok() ? out.end() : status;
  file.value().reset();
  auto part = table_crc.is_ok() ? open_part(number, merge.value().counts(), table_crc.value())
                                : table_crc.status();
  if (!part.is_ok()) (void)directory_->remove(name);  // a full disk gets its space back at once
  return part;
}

}  // namespace nearsight
