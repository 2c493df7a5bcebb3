#include <algorithm>
#include <cstddef>

#include "nearsight/filter.h"

namespace nearsight {
namespace {

using Ids = std::span<const RowId>::iterator;

// The first id that is not less, in steps that double: what is near costs little, what is far no
// more than a binary search.
Ids first_from(Ids from, Ids end, RowId wanted) {
  ptrdiff_t step = 1;
  Ids next = from;
  for (; next != end && *next < wanted; step *= 2) {
    from = next;
    next += std::min(step, end - next);
  }
  return std::lower_bound(from, next, wanted);
}

}  // namespace

void mark_ids(std::span<const RowId> wanted, std::span<const RowId> row_ids, size_t begin,
              RowMask& mask) {
  if (row_ids.empty()) return;
  const RowId first = row_ids.front(), last = row_ids.back();
  auto next = std::lower_bound(wanted.begin(), wanted.end(), first);
  if (last - first + 1 == row_ids.size()) {  // none was ever left out: its id says where it is
    for (; next != wanted.end() && *next - first < row_ids.size(); ++next) {
      mask.set(begin + (*next - first));
    }
    return;
  }
  auto row = row_ids.begin();
  for (; next != wanted.end(); ++next) {
    row = first_from(row, row_ids.end(), *next);
    if (row == row_ids.end()) return;
    if (*row == *next) mask.set(begin + static_cast<size_t>(row - row_ids.begin()));
  }
}

}  // namespace nearsight
