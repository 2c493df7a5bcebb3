// The manifest: which parts make up a columns cache, and which of their documents are alive.
#pragma once

#include <string>
#include <vector>

#include "layout.h"
#include "nearsight/status.h"
#include "nearsight/types.h"

namespace nearsight {

struct ColumnsManifestPart {
  uint64_t number;
  uint32_t table_crc;
  Counts counts;
  std::vector<uint64_t> live;  // empty: all documents are alive
};

struct ColumnsManifest {
  uint64_t generation;
  std::vector<ColumnsManifestPart> parts;
};

void encode_counts(Encoder& out, const Counts& counts);
std::string encode_columns_manifest(const ColumnsManifest& manifest, const TruthId& truth,
                                    Crc32c crc32c);

// Trusts nothing: sizes are compared with what is there before anything is allocated.
// Fails: kUnsupported (newer format), kCorruption (damage), kInvalidArgument (another truth).
Result<ColumnsManifest> decode_columns_manifest(std::span<const std::byte> bytes,
                                                const TruthId& truth, Crc32c crc32c);

}  // namespace nearsight
