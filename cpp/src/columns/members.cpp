// Between sets of documents and the ids of documents, of their owners and of their rows.
#include <algorithm>
#include <functional>

#include "nearsight/guard.h"
#include "state.h"

namespace nearsight {
namespace {

// A property that documents share: the section of its values and that of each document's number.
struct Property {
  Section values;
  Section numbers;
};
constexpr Property kOwner = {Section::kOwners, Section::kOwnerOf};
constexpr Property kRow = {Section::kRows, Section::kRowOf};

std::span<const uint64_t> words_of(const RowMask& mask, const PlacedColumns& placed) {
  return mask.words().subspan(placed.begin / 64, (placed.docs() + 63) / 64);
}

std::vector<uint64_t> sorted(std::span<const uint64_t> values) {
  std::vector<uint64_t> copy(values.begin(), values.end());
  if (!std::is_sorted(copy.begin(), copy.end())) std::sort(copy.begin(), copy.end());
  return copy;
}

size_t values_of(const PlacedColumns& placed, const Property& property) {
  const Counts& counts = placed.part->counts();
  return property.values == Section::kOwners ? counts.owners : counts.rows;
}

// Which values of a part its documents in `mask` have.
Result<RowMask> values_in(const PlacedColumns& placed, const Property& property,
                          const RowMask& mask) {
  RowMask values(values_of(placed, property));
  if (!mask.any_in(placed.begin, placed.end())) return values;
  auto numbers = placed.part->all<uint32_t>(property.numbers);
  if (!numbers.is_ok()) return numbers.status();
  bool is_good = true;
  for_each_bit(words_of(mask, placed), [&](size_t local) {
    const uint32_t number = numbers.value()[local];
    if (number < values.size()) {
      values.set(number);
    } else {
      is_good = false;
    }
  });
  if (!is_good) return placed.part->damaged("numbers");
  return values;
}

// The documents of a part whose value is among `values`.
Status mark_documents(const PlacedColumns& placed, const Property& property, const RowMask& values,
                      RowMask& mask) {
  if (!values.any_in(0, values.size())) return Status::ok();
  auto numbers = placed.part->all<uint32_t>(property.numbers);
  if (!numbers.is_ok()) return numbers.status();
  uint64_t* const words = mask.words().data() + placed.begin / 64;
  for (size_t i = 0; i < numbers.value().size(); ++i) {
    const uint32_t number = numbers.value()[i];
    if (number >= values.size()) return placed.part->damaged("numbers");
    words[i >> 6] |= uint64_t{values.test(number)} << (i & 63);
  }
  return Status::ok();
}

// Makes one ascending list of an ascending list and the ascending run that was appended at `begin`.
void merge_run(std::vector<uint64_t>& values, size_t begin) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(begin);
  if (begin == 0 || begin == values.size() || values[begin - 1] < values[begin]) return;
  std::inplace_merge(values.begin(), middle, values.end());
}

// The values of the documents in `mask`, ascending, each once.
Result<std::vector<uint64_t>> values_of_set(const ColumnsContents& contents,
                                            const Property& property, const RowMask& mask) {
  std::vector<uint64_t> found;
  for (const PlacedColumns& placed : contents.parts) {
    auto values = values_in(placed, property, mask);
    if (!values.is_ok()) return values.status();
    if (!values.value().any_in(0, values.value().size())) continue;
    auto table = placed.part->all<uint64_t>(property.values);
    if (!table.is_ok()) return table.status();
    const size_t begin = found.size();
    found.reserve(begin + values.value().count());
    for_each_bit(values.value().words(), [&](size_t i) { found.push_back(table.value()[i]); });
    merge_run(found, begin);
  }
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// Hands out the values of a part that are marked, so many at a time.
constexpr size_t kValuesAtOnce = 4096;

Status visit_values(const PlacedColumns& placed, const Property& property, const RowMask& values,
                    const std::function<void(std::span<const uint64_t>)>& visit) {
  if (!values.any_in(0, values.size())) return Status::ok();
  auto table = placed.part->all<uint64_t>(property.values);
  if (!table.is_ok()) return table.status();
  std::vector<uint64_t> some;
  some.reserve(kValuesAtOnce);
  for_each_bit(values.words(), [&](size_t i) {
    some.push_back(table.value()[i]);
    if (some.size() < kValuesAtOnce) return;
    visit(some);
    some.clear();
  });
  visit(some);
  return Status::ok();
}

// Takes from the marked owners of one part those that are marked in another.
Status leave_out(const PlacedColumns& from, const PlacedColumns& other, const RowMask& of_other,
                 RowMask& of_from) {
  if (!of_from.any_in(0, of_from.size()) || !of_other.any_in(0, of_other.size())) {
    return Status::ok();
  }
  auto owners = from.part->all<uint64_t>(Section::kOwners);
  if (!owners.is_ok()) return owners.status();
  auto others = other.part->all<uint64_t>(Section::kOwners);
  if (!others.is_ok()) return others.status();
  intersect(owners.value(), others.value(), [&](size_t i, size_t j) {
    if (of_other.test(j)) of_from.clear(i);
  });
  return Status::ok();
}

// The living documents whose value is one of these, which ascend.
Result<RowMask> with_values(const ColumnsState& state, const Property& property,
                            std::span<const uint64_t> wanted) {
  RowMask mask = state.empty();
  for (const PlacedColumns& placed : state.contents.parts) {
    auto table = placed.part->all<uint64_t>(property.values);
    if (!table.is_ok()) return table.status();
    RowMask values(table.value().size());
    intersect(table.value(), wanted, [&](size_t i, size_t) { values.set(i); });
    Status status = mark_documents(placed, property, values, mask);
    if (!status.is_ok()) return status;
  }
  return mask &= state.contents.live;
}

// Adds to the owners of one part those of another that are marked there, and the other way round.
Status exchange(const PlacedColumns& a, const PlacedColumns& b, const RowMask& of_a,
                const RowMask& of_b, RowMask& to_a, RowMask& to_b) {
  const bool has_a = of_a.any_in(0, of_a.size()), has_b = of_b.any_in(0, of_b.size());
  if (!has_a && !has_b) return Status::ok();
  auto owners_a = a.part->all<uint64_t>(Section::kOwners);
  if (!owners_a.is_ok()) return owners_a.status();
  auto owners_b = b.part->all<uint64_t>(Section::kOwners);
  if (!owners_b.is_ok()) return owners_b.status();
  intersect(owners_a.value(), owners_b.value(), [&](size_t i, size_t j) {
    if (of_b.test(j)) to_a.set(i);
    if (of_a.test(i)) to_b.set(j);
  });
  return Status::ok();
}

// The living documents whose owner has one in `mask`: owners are numbered part by part, and one may
// have documents in several.
Result<RowMask> family_of(const ColumnsState& state, const RowMask& mask) {
  const auto& parts = state.contents.parts;
  std::vector<RowMask> own;
  for (const PlacedColumns& placed : parts) {
    auto values = values_in(placed, kOwner, mask);
    if (!values.is_ok()) return values.status();
    own.push_back(std::move(values.value()));
  }
  std::vector<RowMask> all = own;
  for (size_t a = 0; a < parts.size(); ++a) {
    for (size_t b = a + 1; b < parts.size(); ++b) {
      Status status = exchange(parts[a], parts[b], own[a], own[b], all[a], all[b]);
      if (!status.is_ok()) return status;
    }
  }
  RowMask family = state.empty();
  for (size_t i = 0; i < parts.size(); ++i) {
    Status status = mark_documents(parts[i], kOwner, all[i], family);
    if (!status.is_ok()) return status;
  }
  return family &= state.contents.live;
}

}  // namespace

Result<DocSet> ColumnsSnapshot::all() const {
  return guarded([&]() -> Result<DocSet> { return DocSet(state_, state_->contents.live); });
}

Result<DocSet> ColumnsSnapshot::of_docs(std::span<const DocId> docs) const {
  return guarded([&]() -> Result<DocSet> {
    const std::vector<uint64_t> wanted = sorted(docs);
    RowMask mask = state_->empty();
    for (const PlacedColumns& placed : state_->contents.parts) {
      auto all = placed.part->all<uint64_t>(Section::kDocs);
      if (!all.is_ok()) return all.status();
      intersect(all.value(), wanted, [&](size_t i, size_t) { mask.set(placed.begin + i); });
    }
    return DocSet(state_, mask &= state_->contents.live);
  });
}

Result<DocSet> ColumnsSnapshot::of_rows(std::span<const RowId> rows) const {
  return guarded([&]() -> Result<DocSet> {
    std::vector<uint64_t> wanted = sorted(rows);
    wanted.erase(wanted.begin(), std::upper_bound(wanted.begin(), wanted.end(), uint64_t{0}));
    auto mask = with_values(*state_, kRow, wanted);
    if (!mask.is_ok()) return mask.status();
    return DocSet(state_, std::move(mask.value()));
  });
}

Result<DocSet> ColumnsSnapshot::of_owners(std::span<const OwnerId> owners) const {
  return guarded([&]() -> Result<DocSet> {
    auto mask = with_values(*state_, kOwner, sorted(owners));
    if (!mask.is_ok()) return mask.status();
    return DocSet(state_, std::move(mask.value()));
  });
}

Result<DocSet> ColumnsSnapshot::family(const DocSet& docs) const {
  return guarded([&]() -> Result<DocSet> {
    if (Status status = docs.check_mate(state_.get()); !status.is_ok()) return status;
    auto mask = family_of(*state_, docs.mask_);
    if (!mask.is_ok()) return mask.status();
    return DocSet(state_, std::move(mask.value()));
  });
}

Result<DocSet> ColumnsSnapshot::invert(const DocSet& docs) const {
  return guarded([&]() -> Result<DocSet> {
    if (Status status = docs.check_mate(state_.get()); !status.is_ok()) return status;
    RowMask others = docs.mask_;
    others.flip();
    return DocSet(state_, others &= state_->contents.live);
  });
}

Result<std::vector<DocId>> ColumnsSnapshot::docs(const DocSet& docs) const {
  return guarded([&]() -> Result<std::vector<DocId>> {
    if (Status status = docs.check_mate(state_.get()); !status.is_ok()) return status;
    std::vector<DocId> found;
    found.reserve(docs.count());
    for (const PlacedColumns& placed : state_->contents.parts) {
      if (!docs.mask_.any_in(placed.begin, placed.end())) continue;
      auto all = placed.part->all<uint64_t>(Section::kDocs);
      if (!all.is_ok()) return all.status();
      const size_t begin = found.size();
      for_each_bit(words_of(docs.mask_, placed),
                   [&](size_t i) { found.push_back(all.value()[i]); });
      merge_run(found, begin);
    }
    return found;
  });
}

Result<std::vector<RowId>> ColumnsSnapshot::rows(const DocSet& docs) const {
  return guarded([&]() -> Result<std::vector<RowId>> {
    if (Status status = docs.check_mate(state_.get()); !status.is_ok()) return status;
    auto rows = values_of_set(state_->contents, kRow, docs.mask_);
    if (rows.is_ok() && !rows.value().empty() && rows.value().front() == 0) {
      rows.value().erase(rows.value().begin());
    }
    return rows;
  });
}

Result<std::vector<OwnerId>> ColumnsSnapshot::owners(const DocSet& docs) const {
  return guarded([&]() -> Result<std::vector<OwnerId>> {
    if (Status status = docs.check_mate(state_.get()); !status.is_ok()) return status;
    return values_of_set(state_->contents, kOwner, docs.mask_);
  });
}

Result<size_t> ColumnsSnapshot::count_owners(const DocSet& docs) const {
  return guarded([&]() -> Result<size_t> {
    if (Status status = docs.check_mate(state_.get()); !status.is_ok()) return status;
    const auto& parts = state_->contents.parts;
    std::vector<RowMask> marked;  // in each part the owners that no earlier part has
    size_t count = 0;
    for (size_t b = 0; b < parts.size(); ++b) {
      auto values = values_in(parts[b], kOwner, docs.mask_);
      if (!values.is_ok()) return values.status();
      for (size_t a = 0; a < b; ++a) {
        Status status = leave_out(parts[b], parts[a], marked[a], values.value());
        if (!status.is_ok()) return status;
      }
      count += values.value().count();
      marked.push_back(std::move(values.value()));
    }
    return count;
  });
}

Status ColumnsSnapshot::visit_rows(const DocSet& docs,
                                   const std::function<void(std::span<const RowId>)>& visit) const {
  return guarded([&]() -> Status {
    if (Status status = docs.check_mate(state_.get()); !status.is_ok()) return status;
    for (const PlacedColumns& placed : state_->contents.parts) {
      auto values = values_in(placed, kRow, docs.mask_);
      if (!values.is_ok()) return values.status();
      Status status = visit_values(placed, kRow, values.value(), visit);
      if (!status.is_ok()) return status;
    }
    return Status::ok();
  });
}

}  // namespace nearsight
