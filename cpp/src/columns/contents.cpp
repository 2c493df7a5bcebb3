#include "contents.h"

#include <algorithm>

namespace nearsight {

void ColumnsContents::place(std::shared_ptr<const ColumnPart> part,
                            std::span<const uint64_t> alive) {
  const size_t begin = parts.empty() ? 0 : (parts.back().end() + 63) / 64 * 64;
  parts.push_back({std::move(part), begin});
  live.resize(parts.back().end());
  if (alive.empty()) live.set_range(begin, live.size());
  std::ranges::copy(alive, live.words().subspan(begin / 64).begin());
}

size_t ColumnsContents::fresh_bytes() const {
  size_t bytes = 0;
  for (const PlacedColumns& placed : parts)
    bytes += placed.part->is_saved() ? 0 : placed.part->bytes();
  return bytes;
}

size_t ColumnsContents::first_to_merge() const {
  std::vector<PartSize> sizes;
  for (const PlacedColumns& placed : parts) {
    sizes.push_back({placed.docs(), live_count(placed), placed.part->is_saved()});
  }
  return first_to_write(sizes);
}

Status ColumnsContents::bury(std::span<const uint64_t> docs) {
  if (docs.empty()) return Status::ok();
  for (const PlacedColumns& placed : parts) {
    if (docs.size() < placed.docs() / 64) {  // a few: touch few blocks of what may be a file
      for (const uint64_t doc : docs) {
        auto found = placed.part->find(Section::kDocs, doc);
        if (!found.is_ok()) return found.status();
        if (found.value() < placed.docs()) live.clear(placed.begin + found.value());
      }
      continue;
    }
    auto all = placed.part->all<uint64_t>(Section::kDocs);
    if (!all.is_ok()) return all.status();
    intersect(all.value(), docs, [&](size_t i, size_t) { live.clear(placed.begin + i); });
  }
  return Status::ok();
}

size_t gallop(std::span<const uint64_t> values, size_t from, uint64_t value) {
  size_t step = 1;
  while (from < values.size() && values[from] < value) {
    const size_t next = std::min(values.size(), from + step);
    if (next < values.size() && values[next] < value) {
      from = next;
      step *= 2;
      continue;
    }
    const auto begin = values.begin() + static_cast<ptrdiff_t>(from);
    const auto end = values.begin() + static_cast<ptrdiff_t>(next);
    return static_cast<size_t>(std::lower_bound(begin, end, value) - values.begin());
  }
  return from;
}

}  // namespace nearsight
