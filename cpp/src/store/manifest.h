// The manifest: which segments make up the cache, and which of their rows are alive.
#pragma once

#include <string>
#include <vector>

#include "format.h"
#include "nearsight/status.h"
#include "nearsight/store.h"

namespace nearsight {

struct ManifestSegment {
  uint64_t number;
  uint64_t rows;
  uint32_t table_crc;
  std::vector<uint64_t> live;  // empty: all rows are alive
};

struct Manifest {
  uint64_t generation;
  RowId last_id;
  std::vector<ManifestSegment> segments;
};

std::string encode_manifest(const Manifest& manifest, const TruthId& truth,
                            std::span<const Field> fields, Crc32c crc32c);

// Trusts nothing: sizes are compared with what is there before anything is allocated.
// Fails: kUnsupported (newer format), kCorruption (damage), kInvalidArgument (another truth or
// other fields than these).
Result<Manifest> decode_manifest(std::span<const std::byte> bytes, const TruthId& truth,
                                 std::span<const Field> fields, Crc32c crc32c);

}  // namespace nearsight
