#include "part.h"

namespace nearsight {

Status ColumnPart::damaged(const std::string& what) const {
  return is_saved() ? file_->damaged(what) : Status::corruption("fresh facts are damaged: " + what);
}

Result<const std::byte*> ColumnPart::read_bytes(Section section, uint64_t begin,
                                                uint64_t count) const {
  const auto index = static_cast<size_t>(section);
  if (count > layout_.elements[index] || begin > layout_.elements[index] - count) {
    return damaged("section " + std::to_string(index));
  }
  if (count == 0) return static_cast<const std::byte*>(nullptr);
  const uint64_t size = ColumnsLayout::kElementBytes[index];
  const uint64_t offset = layout_.begins[index] + begin * size;
  if (is_saved()) return file_->at(offset, count * size);
  return bytes_.data() + offset;
}

Result<std::string_view> ColumnPart::word(const Dictionary& in, uint64_t entry) const {
  const uint64_t first = entry == 0 ? 0 : entry - 1;
  auto ends = read<End>(in.ends, first, entry - first + 1);
  if (!ends.is_ok()) return ends.status();
  const uint64_t begin = entry == 0 ? 0 : ends.value().front().bytes;
  const uint64_t end = ends.value().back().bytes;
  if (begin > end) return damaged("section " + std::to_string(static_cast<size_t>(in.ends)));
  auto bytes = read<char>(in.bytes, begin, end - begin);
  if (!bytes.is_ok()) return bytes.status();
  return std::string_view(bytes.value().data(), end - begin);
}

Result<Range> ColumnPart::items(const Dictionary& in, Range entries) const {
  if (entries.begin >= entries.end) return Range{};
  Range found;
  for (const auto& [entry, edge] :
       {std::pair(entries.begin, &found.begin), std::pair(entries.end, &found.end)}) {
    if (entry == 0) continue;
    auto end = read<End>(in.ends, entry - 1, 1);
    if (!end.is_ok()) return end.status();
    *edge = end.value()[0].items;
  }
  const uint64_t items = layout_.elements[static_cast<size_t>(in.items)];
  if (found.begin <= found.end && found.end <= items) return found;
  return damaged("section " + std::to_string(static_cast<size_t>(in.ends)));
}

Result<uint64_t> ColumnPart::find(Section section, uint64_t value) const {
  const uint64_t size = layout_.elements[static_cast<size_t>(section)];
  Range range{0, size};
  while (range.begin < range.end) {
    const uint64_t middle = range.begin + (range.end - range.begin) / 2;
    auto found = read<uint64_t>(section, middle, 1);
    if (!found.is_ok()) return found.status();
    if (found.value()[0] == value) return middle;
    (found.value()[0] < value ? range.begin : range.end) = middle + (found.value()[0] < value);
  }
  return size;
}

}  // namespace nearsight
