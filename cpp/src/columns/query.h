// From a path and a range of its values to the documents of a part that have them.
#pragma once

#include <span>
#include <string_view>

#include "nearsight/facts.h"
#include "part.h"

namespace nearsight {

// The columns whose names begin so.
Result<Range> columns_beginning(const ColumnPart& part, std::string_view beginning);
// The keys of the column of this name; none if there is no such column.
Result<Range> keys_of_column(const ColumnPart& part, std::string_view name);

// Among keys, the first that is not below `value`; the first that is above and doesn't begin so.
Result<uint64_t> first_at(const ColumnPart& part, Range keys, std::string_view value);
Result<uint64_t> first_past(const ColumnPart& part, Range keys, std::string_view value);

// Some keys of a column of points, with the documents of all of them.
struct Points {
  const char* keys;           // kPointBytes each
  std::span<const End> ends;  // of each key; items count from `begin`
  uint64_t begin;
  std::span<const uint32_t> documents;

  // REQUIRES at least one key. What `ends` say of the documents is true.
  static Result<Points> of(const ColumnPart& part, Range keys);
};

// Sets the bit of each document that one of the keys names.
Status mark_keys(const ColumnPart& part, Range keys, std::span<uint64_t> words);

}  // namespace nearsight
