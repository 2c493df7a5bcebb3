#include "merge.h"

#include <algorithm>

#include "build.h"

namespace nearsight {
namespace {

// Small writes gathered into larger ones.
template <class T>
class Gathered {
 public:
  explicit Gathered(DataWriter& out) : out_(out) { values_.reserve(kAtOnce); }
  Status put(T value) {
    values_.push_back(value);
    return values_.size() < kAtOnce ? Status::ok() : flush();
  }
  Status end() {
    Status status = flush();
    return status.is_ok() ? out_.pad(kSectionAlignment) : status;
  }

 private:
  static constexpr size_t kAtOnce = 4096;
  Status flush() {
    Status status = out_.put(std::as_bytes(std::span(values_)));
    values_.clear();
    return status;
  }
  DataWriter& out_;
  std::vector<T> values_;
};

}  // namespace

Result<ColumnMerge> ColumnMerge::plan(const ColumnsContents& contents, size_t first) {
  ColumnMerge merge;
  for (size_t i = first; i < contents.parts.size(); ++i) {
    const PlacedColumns& placed = contents.parts[i];
    if (contents.live_count(placed) == 0) continue;
    auto tables = Tables::of(*placed.part);
    if (!tables.is_ok()) return tables.status();
    merge.sources_.push_back({tables.value(), contents.live_words(placed), {}, 0, {}});
  }
  merge.place_documents();
  if (merge.docs_.size() > kMaxDocs) {
    return Status::invalid_argument("more documents than a part can hold: " +
                                    std::to_string(merge.docs_.size()));
  }
  merge.owners_ = merge.table(&Tables::owners, &Tables::owner_of);
  merge.rows_ = merge.table(&Tables::rows, &Tables::row_of);
  merge.counts_.docs = merge.docs_.size();
  merge.counts_.owners = merge.owners_.size();
  merge.counts_.rows = merge.rows_.size();
  merge.merge_columns();
  return merge;
}

// The order of all living documents, and where that puts each of a source.
void ColumnMerge::place_documents() {
  struct Living {
    uint64_t doc;
    uint32_t source;
    uint32_t local;
  };
  std::vector<Living> all;
  for (uint32_t s = 0; s < sources_.size(); ++s) {
    Source& source = sources_[s];
    source.place.assign(source.tables.docs.size(), kDead);
    for_each_bit(source.live, [&](size_t local) {
      all.push_back({source.tables.docs[local], s, static_cast<uint32_t>(local)});
    });
  }
  const auto before = [](const Living& a, const Living& b) { return a.doc < b.doc; };
  if (!std::is_sorted(all.begin(), all.end(), before)) std::sort(all.begin(), all.end(), before);
  for (const Living& living : all) {
    sources_[living.source].place[living.local] = static_cast<uint32_t>(docs_.size());
    docs_.push_back(living.doc);
  }
}

// The different values that the living documents of all sources have.
std::vector<uint64_t> ColumnMerge::table(std::span<const uint64_t> Tables::* values,
                                         std::span<const uint32_t> Tables::* numbers) const {
  std::vector<uint64_t> merged;
  for (const Source& source : sources_) {
    std::vector<bool> is_used((source.tables.*values).size());
    for_each_bit(source.live, [&](size_t i) { is_used[(source.tables.*numbers)[i]] = true; });
    for (size_t i = 0; i < is_used.size(); ++i) {
      if (is_used[i]) merged.push_back((source.tables.*values)[i]);
    }
  }
  if (!std::is_sorted(merged.begin(), merged.end())) std::sort(merged.begin(), merged.end());
  merged.erase(std::unique(merged.begin(), merged.end()), merged.end());
  return merged;
}

void ColumnMerge::merge_columns() {
  std::vector<uint32_t> meeting;
  while (true) {
    std::string_view least;
    meeting.clear();
    for (uint32_t s = 0; s < sources_.size(); ++s) {
      const Source& source = sources_[s];
      if (source.column == source.tables.columns.size()) continue;
      const std::string_view name = source.tables.column(source.column);
      const int order = meeting.empty() ? -1 : name.compare(least);
      if (order > 0) continue;
      if (order < 0) meeting.clear();
      least = name;
      meeting.push_back(s);
    }
    if (meeting.empty()) return;
    const uint64_t before = counts_.keys;
    for (const uint32_t s : meeting) {
      sources_[s].keys = sources_[s].tables.keys_of(sources_[s].column++);
    }
    merge_keys(meeting);
    if (counts_.keys == before) continue;
    columns_.push_back({least, counts_.keys});
    counts_.column_bytes += least.size();
    ++counts_.columns;
  }
}

// Plans the keys of one column, and counts what they will take.
void ColumnMerge::merge_keys(std::span<const uint32_t> sources) {
  std::vector<uint32_t> open(sources.begin(), sources.end()), meeting;
  while (true) {
    std::erase_if(open, [&](uint32_t s) { return sources_[s].keys.begin == sources_[s].keys.end; });
    if (open.empty()) return;
    std::string_view least;
    meeting.clear();
    for (const uint32_t s : open) {
      const std::string_view key = sources_[s].tables.key(sources_[s].keys.begin);
      const int order = meeting.empty() ? -1 : key.compare(least);
      if (order > 0) continue;
      if (order < 0) meeting.clear();
      least = key;
      meeting.push_back(s);
    }
    size_t documents = 0;
    for (const uint32_t s : meeting) documents += living(sources_[s], sources_[s].keys.begin++);
    for (const uint32_t s : meeting) {
      steps_.push_back({s & kMostSources, s == meeting.back(), documents == 0});
    }
    if (documents == 0) continue;
    counts_.key_bytes += least.size();
    counts_.postings += documents;
    ++counts_.keys;
  }
}

size_t ColumnMerge::living(const Source& source, size_t key) const {
  size_t count = 0;
  for (const uint32_t local : source.tables.postings_of(key)) count += source.place[local] != kDead;
  return count;
}

// Calls take(source, key, is_last) for each step that has something to write.
template <class Take>
Status ColumnMerge::replay(Take take) const {
  std::vector<size_t> next(sources_.size(), 0);  // keys of a source stand in the order of its steps
  for (const Step step : steps_) {
    const size_t key = next[step.source]++;
    if (step.is_dead) continue;
    Status status = take(sources_[step.source], key, step.is_last);
    if (!status.is_ok()) return status;
  }
  return Status::ok();
}

Status ColumnMerge::write(DataWriter& out) const {
  Status status = put_section(out, docs_);
  if (status.is_ok()) status = put_section(out, owners_);
  if (status.is_ok()) status = put_section(out, rows_);
  if (status.is_ok()) status = write_numbers(out, owners_, &Tables::owners, &Tables::owner_of);
  if (status.is_ok()) status = write_numbers(out, rows_, &Tables::rows, &Tables::row_of);
  if (status.is_ok()) status = write_columns(out);
  if (status.is_ok()) status = write_key_ends(out);
  if (status.is_ok()) status = write_key_bytes(out);
  if (status.is_ok()) status = write_postings(out);
  return status;
}

// For each merged document the number of its value in the merged table.
Status ColumnMerge::write_numbers(DataWriter& out, const std::vector<uint64_t>& table,
                                  std::span<const uint64_t> Tables::* values,
                                  std::span<const uint32_t> Tables::* numbers) const {
  std::vector<uint32_t> merged(docs_.size());
  for (const Source& source : sources_) {
    std::vector<uint32_t> moved((source.tables.*values).size());
    intersect(source.tables.*values, table,
              [&](size_t i, size_t j) { moved[i] = static_cast<uint32_t>(j); });
    for_each_bit(source.live,
                 [&](size_t i) { merged[source.place[i]] = moved[(source.tables.*numbers)[i]]; });
  }
  return put_section(out, merged);
}

Status ColumnMerge::write_columns(DataWriter& out) const {
  Gathered<End> ends(out);
  uint64_t bytes = 0;
  for (const Column& column : columns_) {
    bytes += column.name.size();
    if (Status status = ends.put({bytes, column.keys}); !status.is_ok()) return status;
  }
  if (Status status = ends.end(); !status.is_ok()) return status;
  for (const Column& column : columns_) {
    Status status = out.put(std::as_bytes(std::span(column.name)));
    if (!status.is_ok()) return status;
  }
  return out.pad(kSectionAlignment);
}

Status ColumnMerge::write_key_ends(DataWriter& out) const {
  Gathered<End> ends(out);
  End end{0, 0};
  Status status = replay([&](const Source& source, size_t key, bool is_last) {
    end.items += living(source, key);
    if (!is_last) return Status::ok();
    end.bytes += source.tables.key(key).size();
    return ends.put(end);
  });
  return status.is_ok() ? ends.end() : status;
}

Status ColumnMerge::write_key_bytes(DataWriter& out) const {
  Status status = replay([&](const Source& source, size_t key, bool is_last) {
    return is_last ? out.put(std::as_bytes(std::span(source.tables.key(key)))) : Status::ok();
  });
  return status.is_ok() ? out.pad(kSectionAlignment) : status;
}

Status ColumnMerge::write_postings(DataWriter& out) const {
  Gathered<uint32_t> postings(out);
  Status status = replay([&](const Source& source, size_t key, bool) {
    for (const uint32_t local : source.tables.postings_of(key)) {
      if (source.place[local] == kDead) continue;
      Status put = postings.put(source.place[local]);
      if (!put.is_ok()) return put;
    }
    return Status::ok();
  });
  return status.is_ok() ? postings.end() : status;
}

}  // namespace nearsight
