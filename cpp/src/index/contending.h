// A look at the sketches, before the rows themselves are asked.
#pragma once

#include <optional>
#include <span>

#include "nearsight/rank.h"
#include "nearsight/row_mask.h"
#include "nearsight/store.h"

namespace nearsight {

// Of the live rows that the mask (nullptr: all) allows those that may be among the best `room`.
// Nothing: looking at the rows right away is as quick.
Result<std::optional<RowMask>> contending(const Contents& contents, std::span<const Field> fields,
                                          const Scorer& scorer, const RowMask* mask, size_t room,
                                          size_t threads);

}  // namespace nearsight
