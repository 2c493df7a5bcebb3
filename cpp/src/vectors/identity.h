// The file `vectors` of a directory: what the index in it is, written once (cpp/FORMAT.md).
#pragma once

#include <string_view>

#include "nearsight/directory.h"
#include "nearsight/types.h"
#include "nearsight/vectors.h"

namespace nearsight {

inline constexpr std::string_view kIdentityName = "vectors";

struct Identity {
  uint32_t dim;
  Element element;
  Finding finding;
  TruthId truth;  // drawn when it was made: its other files carry it
};

Status write_identity(Directory& directory, const Identity& identity);
Result<Identity> read_identity(const Directory& directory);
TruthId drawn_truth();

}  // namespace nearsight
