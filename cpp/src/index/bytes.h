// Numbers as bytes times one factor: rows of kI8, sketches of f32 rows, and their queries.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "nearsight/rank.h"
#include "nearsight/types.h"

namespace nearsight {

// Writes the numbers times `scale` as bytes; what they have to be multiplied by comes back.
float to_bytes(std::span<const float> numbers, double scale, std::byte* out);

// Adds a query, padded with zeros, in whole numbers of the smallest step that lets no sum overflow.
void append_whole(Queries& queries, std::span<const float> numbers);

// Writes the sketch (store.h) of what encode_row wrote. REQUIRES that the field has sketches.
void encode_sketch(const Field& field, const std::byte* row, std::byte* out);

// How this query, which the door brought into shape for the field's rows, meets their sketches.
// Nothing: there are none, or they are no less to read.
std::optional<Rough> rough_of(const Field& field, const Queries& query);

}  // namespace nearsight
