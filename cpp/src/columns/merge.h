// Several parts become one: their living documents, in memory or in a file.
//
// Needs, for a million documents, about 40 MB of memory, and 4 bytes for each value of each part.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "contents.h"
#include "nearsight/status.h"
#include "part.h"

namespace nearsight {

// A part's sections, all read and all checked: every number in them points inside.
struct Tables {
  std::span<const uint64_t> docs, owners, rows;
  std::span<const uint32_t> owner_of, row_of;
  std::span<const End> columns, keys;
  std::span<const char> column_bytes, key_bytes;
  std::span<const uint32_t> postings;

  static Result<Tables> of(const ColumnPart& part);
  std::string_view column(size_t i) const { return word(columns, column_bytes, i); }
  std::string_view key(size_t i) const { return word(keys, key_bytes, i); }
  Range keys_of(size_t column) const { return items(columns, column); }
  std::span<const uint32_t> postings_of(size_t key) const {
    const Range range = items(keys, key);
    return postings.subspan(range.begin, range.end - range.begin);
  }

 private:
  static std::string_view word(std::span<const End> ends, std::span<const char> bytes, size_t i) {
    const uint64_t begin = i == 0 ? 0 : ends[i - 1].bytes;
    return {bytes.data() + begin, ends[i].bytes - begin};
  }
  static Range items(std::span<const End> ends, size_t i) {
    return {i == 0 ? 0 : ends[i - 1].items, ends[i].items};
  }
};

class ColumnMerge {
 public:
  // The living documents of contents.parts from `first` on. REQUIRES that there is one, and that
  // the contents outlive the merge. kCorruption of a part that lies.
  static Result<ColumnMerge> plan(const ColumnsContents& contents, size_t first);

  const Counts& counts() const { return counts_; }
  Status write(DataWriter& out) const;

 private:
  struct Source {
    Tables tables;
    std::span<const uint64_t> live;
    std::vector<uint32_t> place;  // of each document in the merged part, kDead if it is not there
    size_t column = 0;            // the first that is not merged yet
    Range keys;                   // of the column that is being merged
  };
  struct Column {  // of the merged part
    std::string_view name;
    uint64_t keys;
  };
  // One key of one source, in the order of the merge.
  struct Step {
    uint32_t source : 30;
    uint32_t is_last : 1;  // of the steps with equal keys
    uint32_t is_dead : 1;  // none of those has a living document
  };
  static constexpr uint32_t kDead = ~uint32_t{0};
  static constexpr uint32_t kMostSources = (uint32_t{1} << 30) - 1;  // parts of one manifest: fewer

  void place_documents();
  void merge_columns();
  void merge_keys(std::span<const uint32_t> sources);
  size_t living(const Source& source, size_t key) const;
  std::vector<uint64_t> table(std::span<const uint64_t> Tables::* values,
                              std::span<const uint32_t> Tables::* numbers) const;
  Status write_numbers(DataWriter& out, const std::vector<uint64_t>& table,
                       std::span<const uint64_t> Tables::* values,
                       std::span<const uint32_t> Tables::* numbers) const;
  Status write_columns(DataWriter& out) const;
  template <class Take>
  Status replay(Take take) const;
  Status write_key_ends(DataWriter& out) const;
  Status write_key_bytes(DataWriter& out) const;
  Status write_postings(DataWriter& out) const;

  Counts counts_{};
  std::vector<Source> sources_;
  std::vector<uint64_t> docs_, owners_, rows_;
  std::vector<Column> columns_;
  std::vector<Step> steps_;
};

}  // namespace nearsight
