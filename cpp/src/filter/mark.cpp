#include <algorithm>

#include "nearsight/filter.h"

namespace nearsight {

void mark_ids(std::span<const RowId> wanted, std::span<const RowId> row_ids, size_t begin,
              RowMask& mask) {
  if (row_ids.empty()) return;
  auto next = std::lower_bound(wanted.begin(), wanted.end(), row_ids.front());
  auto row = row_ids.begin();
  for (; next != wanted.end(); ++next) {
    row = std::lower_bound(row, row_ids.end(), *next);
    if (row == row_ids.end()) return;
    if (*row == *next) mask.set(begin + static_cast<size_t>(row - row_ids.begin()));
  }
}

}  // namespace nearsight
