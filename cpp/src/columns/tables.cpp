#include "merge.h"

namespace nearsight {
namespace {

bool ascend_to(std::span<const End> ends, uint64_t bytes, uint64_t items) {
  End last{0, 0};
  for (const End& end : ends) {
    if (end.bytes < last.bytes || end.items < last.items) return false;
    last = end;
  }
  return last.bytes == bytes && last.items == items;
}

bool all_below(std::span<const uint32_t> numbers, uint64_t limit) {
  bool are = true;
  for (const uint32_t number : numbers) are &= number < limit;
  return are;
}

template <class T>
Status load(const ColumnPart& part, Section section, std::span<const T>& into) {
  auto all = part.all<T>(section);
  if (all.is_ok()) into = all.value();
  return all.status();
}

}  // namespace

Result<Tables> Tables::of(const ColumnPart& part) {
  Tables found;
  Status status = load(part, Section::kDocs, found.docs);
  if (status.is_ok()) status = load(part, Section::kOwners, found.owners);
  if (status.is_ok()) status = load(part, Section::kRows, found.rows);
  if (status.is_ok()) status = load(part, Section::kOwnerOf, found.owner_of);
  if (status.is_ok()) status = load(part, Section::kRowOf, found.row_of);
  if (status.is_ok()) status = load(part, Section::kColumns, found.columns);
  if (status.is_ok()) status = load(part, Section::kColumnBytes, found.column_bytes);
  if (status.is_ok()) status = load(part, Section::kKeys, found.keys);
  if (status.is_ok()) status = load(part, Section::kKeyBytes, found.key_bytes);
  if (status.is_ok()) status = load(part, Section::kPostings, found.postings);
  if (!status.is_ok()) return status;
  if (!all_below(found.owner_of, found.owners.size())) return part.damaged("owners");
  if (!all_below(found.row_of, found.rows.size())) return part.damaged("rows");
  if (!ascend_to(found.columns, found.column_bytes.size(), found.keys.size())) {
    return part.damaged("columns");
  }
  if (!ascend_to(found.keys, found.key_bytes.size(), found.postings.size())) {
    return part.damaged("keys");
  }
  if (!all_below(found.postings, found.docs.size())) return part.damaged("postings");
  return found;
}

}  // namespace nearsight
