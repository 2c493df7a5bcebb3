// The door: what may enter the index, and in which shape. Normalising happens here and only here.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nearsight/rank.h"
#include "nearsight/status.h"
#include "nearsight/types.h"

namespace nearsight {

Status check_fields(std::span<const Field> fields);
Result<size_t> field_named(std::span<const Field> fields, const std::string& name);

// Why the door refuses this row of `field.dim` numbers; ok if it does not.
Status check_row(const Field& field, const float* row);

// Writes a row that passed check_row as the field stores it: unit length for kCosine, and zeros up
// to the stride.
void encode_row(const Field& field, const float* row, std::byte* out);

// What encode_row wrote, as f32: field.dim numbers.
void decode_row(const Field& field, const std::byte* row, float* out);

// Checks the `count` >= 1 queries of a field, row-major, and brings them into the shape of kernels.
Result<Queries> ready_queries(std::span<const Field> fields, const std::string& name,
                              std::span<const float> queries, size_t count);

// The ranks with their queries checked and, for kCosine, brought to unit length.
Result<std::vector<ReadyRank>> ready_ranks(std::span<const Field> fields,
                                           std::span<const Rank> ranks);

}  // namespace nearsight
