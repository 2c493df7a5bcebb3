// What every cache of files shares (cpp/FORMAT.md): how files are named, how a manifest is checked
// and replaced, and which parts a writer writes anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nearsight/coding.h"
#include "nearsight/directory.h"
#include "nearsight/sealed_file.h"
#include "nearsight/status.h"

namespace nearsight {

inline constexpr size_t kMagicBytes = 8;

// A writer in another process may replace the manifest, and remove the segments of the old one,
// while we are between the two: what fails is looked at again.
inline constexpr int kLoadsAgain = 2;

// The files of one cache: `manifest`, `manifest`-<n>.tmp while it is written, and
// `segment`-<n>.seg.
struct CacheNames {
  std::string_view manifest;
  std::string_view segment;

  std::string segment_name(uint64_t number) const;
  std::string temporary_name(uint64_t number) const;
  std::optional<uint64_t> number_in(std::string_view name) const;  // nothing: the name is not ours
};

// Is this manifest one of ours, whole, and of this version? kUnsupported if it is of a newer one.
Status check_envelope(std::span<const std::byte> bytes, std::string_view magic, uint32_t version,
                      Crc32c crc32c);

Status damaged_manifest(const char* what);

// Which of a segment's rows are alive, as it stands in a manifest: a bit each, or nothing at all
// where all are. Decoding checks the bitmap's size and the bits past the last row.
void encode_live(Encoder& out, std::span<const uint64_t> live);
Status decode_live(Decoder& in, uint64_t rows, std::vector<uint64_t>& live);

// Puts `bytes` in the place of the manifest in one act; where that fails the old one is there.
Status publish_manifest(Directory& directory, const CacheNames& names, uint64_t number,
                        const std::string& bytes);

// Removes our numbered files of which `is_used` says no. What can't be removed will be next time.
template <class IsUsed>
void sweep_files(Directory& directory, const CacheNames& names, IsUsed is_used) {
  auto found = directory.list();
  if (!found.is_ok()) return;
  for (const std::string& name : found.value()) {
    if (names.number_in(name).has_value() && !is_used(name)) (void)directory.remove(name);
  }
}

struct PartSize {
  size_t rows;
  size_t live;
  bool is_saved;
};

// The first part to be written anew: everything unsaved, the newest parts that hold less than twice
// as many living rows as are being written, and all from the first that is more than half erased.
size_t first_to_write(std::span<const PartSize> parts);

}  // namespace nearsight
