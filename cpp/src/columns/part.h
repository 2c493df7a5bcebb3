// A stretch of documents with their facts, in memory or in a mapped file: the same bytes in both.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "layout.h"
#include "nearsight/sealed_file.h"
#include "nearsight/status.h"

namespace nearsight {

struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// Strings in ascending order: the names of columns, the keys of columns.
struct Dictionary {
  Section ends;
  Section bytes;
  Section items;  // what End::items counts
};
inline constexpr Dictionary kColumnDictionary = {Section::kColumns, Section::kColumnBytes,
                                                 Section::kKeys};
inline constexpr Dictionary kKeyDictionary = {Section::kKeys, Section::kKeyBytes,
                                              Section::kPostings};

// What it has once answered never changes, and any thread may ask at any time. Nothing that is read
// is believed: what points outside is kCorruption.
class ColumnPart {
 public:
  ColumnPart(const Counts& counts, std::vector<std::byte> bytes)
      : counts_(counts), layout_(counts), bytes_(std::move(bytes)) {}
  ColumnPart(const Counts& counts, uint64_t number, std::unique_ptr<const SealedFile> file)
      : counts_(counts), layout_(counts), number_(number), file_(std::move(file)) {}

  const Counts& counts() const { return counts_; }
  uint64_t bytes() const { return layout_.size; }
  bool is_saved() const { return file_ != nullptr; }
  uint64_t number() const { return number_; }  // of its file
  uint32_t table_crc() const { return file_->table_crc(); }
  Status verify() const { return is_saved() ? file_->verify() : Status::ok(); }
  Status damaged(const std::string& what) const;

  template <class T>
  Result<std::span<const T>> read(Section section, uint64_t begin, uint64_t count) const {
    auto bytes = read_bytes(section, begin, count);
    if (!bytes.is_ok()) return bytes.status();
    return std::span(reinterpret_cast<const T*>(bytes.value()), count);
  }
  template <class T>
  Result<std::span<const T>> all(Section section) const {
    return read<T>(section, 0, layout_.elements[static_cast<size_t>(section)]);
  }

  Result<std::string_view> word(const Dictionary& in, uint64_t entry) const;
  Result<Range> items(const Dictionary& in, Range entries) const;  // of all of them

  // The first entry of the range that is not `before`; every one that is stands in front.
  template <class Before>
  Result<uint64_t> first_not(const Dictionary& in, Range entries, Before before) const {
    while (entries.begin < entries.end) {
      const uint64_t middle = entries.begin + (entries.end - entries.begin) / 2;
      auto found = word(in, middle);
      if (!found.is_ok()) return found.status();
      (before(found.value()) ? entries.begin : entries.end) = middle + before(found.value());
    }
    return entries.begin;
  }

  // The number of a value in a section of ascending u64, or the section's size.
  Result<uint64_t> find(Section section, uint64_t value) const;

 private:
  Result<const std::byte*> read_bytes(Section section, uint64_t begin, uint64_t count) const;

  Counts counts_;
  ColumnsLayout layout_;
  uint64_t number_ = 0;
  std::vector<std::byte> bytes_;  // what is in memory
  std::unique_ptr<const SealedFile> file_;
};

}  // namespace nearsight
