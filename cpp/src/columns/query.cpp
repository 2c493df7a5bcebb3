#include "query.h"

namespace nearsight {
namespace {

Result<uint64_t> first_past_beginning(const ColumnPart& part, const Dictionary& in, Range entries,
                                      std::string_view beginning) {
  return part.first_not(in, entries, [&](std::string_view word) {
    return word.substr(0, beginning.size()) <= beginning;
  });
}

Result<uint64_t> first_from(const ColumnPart& part, const Dictionary& in, Range entries,
                            std::string_view value) {
  return part.first_not(in, entries, [&](std::string_view word) { return word < value; });
}

}  // namespace

Result<Range> columns_beginning(const ColumnPart& part, std::string_view beginning) {
  const Range all{0, part.counts().columns};
  auto begin = first_from(part, kColumnDictionary, all, beginning);
  if (!begin.is_ok()) return begin.status();
  auto end = first_past_beginning(part, kColumnDictionary, {begin.value(), all.end}, beginning);
  if (!end.is_ok()) return end.status();
  return Range{begin.value(), end.value()};
}

Result<Range> keys_of_column(const ColumnPart& part, std::string_view name) {
  const Range all{0, part.counts().columns};
  auto column = first_from(part, kColumnDictionary, all, name);
  if (!column.is_ok()) return column.status();
  if (column.value() == all.end) return Range{};
  auto found = part.word(kColumnDictionary, column.value());
  if (!found.is_ok()) return found.status();
  if (found.value() != name) return Range{};
  return part.items(kColumnDictionary, {column.value(), column.value() + 1});
}

Result<uint64_t> first_at(const ColumnPart& part, Range keys, std::string_view value) {
  return first_from(part, kKeyDictionary, keys, value);
}

Result<uint64_t> first_past(const ColumnPart& part, Range keys, std::string_view value) {
  return first_past_beginning(part, kKeyDictionary, keys, value);
}

Result<Points> Points::of(const ColumnPart& part, Range keys) {
  const uint64_t first = keys.begin == 0 ? 0 : keys.begin - 1;
  auto ends = part.read<End>(Section::kKeys, first, keys.end - first);
  if (!ends.is_ok()) return ends.status();
  const End before = keys.begin == 0 ? End{0, 0} : ends.value().front();
  Points points{nullptr, ends.value().subspan(keys.begin - first), before.items, {}};
  End last = before;
  for (const End& end : points.ends) {
    if (end.bytes != last.bytes + kPointBytes || end.items < last.items) {
      return part.damaged("points");
    }
    last = end;
  }
  auto bytes = part.read<char>(Section::kKeyBytes, before.bytes, last.bytes - before.bytes);
  if (!bytes.is_ok()) return bytes.status();
  points.keys = bytes.value().data();
  auto postings = part.read<uint32_t>(Section::kPostings, before.items, last.items - before.items);
  if (!postings.is_ok()) return postings.status();
  points.documents = postings.value();
  for (const uint32_t document : points.documents) {
    if (document >= part.counts().docs) return part.damaged("postings");
  }
  return points;
}

Status mark_keys(const ColumnPart& part, Range keys, std::span<uint64_t> words) {
  auto range = part.items(kKeyDictionary, keys);
  if (!range.is_ok()) return range.status();
  const auto [begin, end] = range.value();
  auto postings = part.read<uint32_t>(Section::kPostings, begin, end - begin);
  if (!postings.is_ok()) return postings.status();
  const uint64_t docs = part.counts().docs;
  for (const uint32_t doc : postings.value()) {
    if (doc >= docs) return part.damaged("postings");
    words[doc >> 6] |= uint64_t{1} << (doc & 63);
  }
  return Status::ok();
}

}  // namespace nearsight
