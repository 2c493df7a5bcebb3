#include "writer.h"

#include <algorithm>

#include "build.h"
#include "merge.h"

namespace nearsight {
namespace {

// The newest parts in memory become one, so that there are few of them and each document is copied
// O(log documents) times.
Result<ColumnsContents> with_merged_memory(const ColumnsContents& now) {
  size_t saved = now.parts.size();
  while (saved > 0 && !now.parts[saved - 1].part->is_saved()) --saved;
  std::vector<PartSize> sizes;
  for (size_t i = saved; i < now.parts.size(); ++i) {
    sizes.push_back({now.parts[i].docs(), now.live_count(now.parts[i]), true});
  }
  if (!sizes.empty()) sizes.back().is_saved = false;  // the one that has just come
  const size_t first = saved + first_to_write(sizes);
  if (first + 1 >= now.parts.size()) return now;

  ColumnsContents merged;
  merged.generation = now.generation;
  for (size_t i = 0; i < first; ++i) merged.place(now.parts[i].part, now.live_words(now.parts[i]));
  if (!now.live.any_in(now.parts[first].begin, now.live.size())) return merged;
  auto merge = ColumnMerge::plan(now, first);
  if (!merge.is_ok()) return merge.status();
  MemoryWriter out(ColumnsLayout(merge.value().counts()).size);
  if (Status status = merge.value().write(out); !status.is_ok()) return status;
  merged.place(std::make_shared<ColumnPart>(merge.value().counts(), out.take()), {});
  return merged;
}

}  // namespace

Columns::Writer::Writer(std::unique_ptr<ColumnFiles> files) : files_(std::move(files)) {
  if (files_ != nullptr) {
    next_ = files_->take_found();
    is_saved_ = files_->dropped_because().empty();  // else the next seal replaces what was found
  }
  publish();
}

const std::string& Columns::Writer::dropped_because() const {
  static const std::string nothing;
  return files_ == nullptr ? nothing : files_->dropped_because();
}

Status Columns::Writer::put(const Documents& documents) {
  if (documents.documents().empty()) return Status::ok();
  auto part = build_part(documents);
  if (!part.is_ok()) return part.status();
  auto docs = part.value()->all<uint64_t>(Section::kDocs);
  if (!docs.is_ok()) return docs.status();
  const std::lock_guard lock(mutex_);
  ColumnsContents after = next_;
  if (Status status = after.bury(docs.value()); !status.is_ok()) return status;
  after.place(part.value(), {});
  auto merged = with_merged_memory(after);
  if (!merged.is_ok()) return merged.status();
  next_ = std::move(merged.value());
  is_committed_ = false;
  return Status::ok();
}

Status Columns::Writer::erase(std::span<const DocId> docs) {
  std::vector<DocId> wanted(docs.begin(), docs.end());
  std::sort(wanted.begin(), wanted.end());
  const std::lock_guard lock(mutex_);
  ColumnsContents after = next_;
  if (Status status = after.bury(wanted); !status.is_ok()) return status;
  next_ = std::move(after);
  is_committed_ = false;
  return Status::ok();
}

Status Columns::Writer::commit(uint64_t generation) {
  const std::lock_guard lock(mutex_);
  if (generation < next_.generation) {
    return Status::invalid_argument("generation " + std::to_string(generation) +
                                    " is lower than the last, " + std::to_string(next_.generation));
  }
  if (is_committed_ && generation == next_.generation) return Status::ok();
  next_.generation = generation;
  publish();
  is_committed_ = true;
  is_saved_ = false;
  if (files_ == nullptr || next_.fresh_bytes() < spill_at_) return Status::ok();
  if (!save().is_ok()) spill_at_ = next_.fresh_bytes() + kSpillBytes;
  return Status::ok();
}

Status Columns::Writer::seal() {
  const std::lock_guard lock(mutex_);
  if (!is_committed_) {
    return Status::invalid_argument("there are changes that were not committed: commit, then seal");
  }
  return is_saved_ || files_ == nullptr ? Status::ok() : save();
}

// REQUIRES that next_ is committed.
Status Columns::Writer::save() {
  auto saved = files_->save(next_);
  if (!saved.is_ok()) return saved.status();
  next_ = std::move(saved.value());
  spill_at_ = kSpillBytes;
  is_saved_ = true;
  publish();
  return Status::ok();
}

void Columns::Writer::publish() {
  std::shared_ptr<const ColumnsState> next =
      std::make_shared<const ColumnsState>(ColumnsState{next_, next_.live.count()});
  const std::lock_guard lock(publishing_);
  published_.swap(next);  // the old one, maybe the last that holds files, goes after the lock
}

}  // namespace nearsight
