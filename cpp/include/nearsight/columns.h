// Columns: the facts of documents, so that which documents a filter lets through takes
// milliseconds.
//
// A cache like the index: derived from the truth, which may be replayed into it at any moment. One
// writer, many readers:
//   put / erase / commit / seal                  one at a time: they wait for each other
//   open                                         one writing process at a time (the caller's lock)
//   snapshot, a ColumnsSnapshot, a DocSet        any thread, at any time, never waiting for a
//   writer
// What a reader sees never changes under it; commit() publishes the next state in one atomic act.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nearsight/directory.h"
#include "nearsight/facts.h"
#include "nearsight/row_mask.h"
#include "nearsight/status.h"
#include "nearsight/types.h"

namespace nearsight {

struct ColumnsState;  // what one commit published

// Which documents of one snapshot. A value that holds its snapshot alive.
class DocSet {
 public:
  DocSet(std::shared_ptr<const ColumnsState> state, RowMask mask)
      : state_(std::move(state)), mask_(std::move(mask)) {}

  size_t count() const { return mask_.count(); }
  Result<bool> has(DocId doc) const;
  // kInvalidArgument: the other was made from another snapshot.
  Result<DocSet> both(const DocSet& other) const;
  Result<DocSet> either(const DocSet& other) const;

 private:
  friend class ColumnsSnapshot;
  Status check_mate(const ColumnsState* other) const;

  std::shared_ptr<const ColumnsState> state_;
  RowMask mask_;
};

struct Bound {
  Value value;
  bool is_open = false;  // the value itself is outside
};

// An immutable view. Holds what it needs alive (mapped files included) however long it lives.
// Whatever reads facts is kCorruption when it meets a damaged block, and returns nothing; a set of
// another snapshot is kInvalidArgument.
class ColumnsSnapshot {
 public:
  explicit ColumnsSnapshot(std::shared_ptr<const ColumnsState> state) : state_(std::move(state)) {}

  uint64_t generation() const;  // the truth's generation at commit
  size_t size() const;          // live documents

  // The documents that have, on this path, at least one fact ...
  Result<DocSet> equal(std::string_view path, const Value& value) const;  // ... that is this value
  // ... that is a number, or a text, within the bounds. At least one, and both of one kind.
  Result<DocSet> between(std::string_view path, const std::optional<Bound>& low,
                         const std::optional<Bound>& high) const;
  // ... of any kind; is_prefix: on any path that begins so.
  Result<DocSet> exists(std::string_view path, bool is_prefix) const;
  // ... that is a point at most `km` from the place, on a sphere of the earth's mean radius.
  Result<DocSet> within(std::string_view path, Place centre, double km) const;
  // ... that is a point in the box, edges included; across the date line if west > east.
  Result<DocSet> box(std::string_view path, double south, double west, double north,
                     double east) const;
  // ... that is a point in the polygon (even-odd rule in the plane of degrees), edges included. An
  // edge takes the shorter way round; a polygon round a pole holds the one that is nearer to it.
  Result<DocSet> polygon(std::string_view path, std::span<const Place> corners) const;

  Result<DocSet> all() const;
  Result<DocSet> of_docs(std::span<const DocId> docs) const;  // unknown ones are left out
  Result<DocSet> of_rows(std::span<const RowId> rows) const;
  Result<DocSet> of_owners(std::span<const OwnerId> owners) const;
  Result<DocSet> family(const DocSet& docs) const;  // every document whose owner has one in the set
  Result<DocSet> invert(const DocSet& docs) const;

  // Ascending, each once.
  Result<std::vector<DocId>> docs(const DocSet& docs) const;
  Result<std::vector<RowId>> rows(const DocSet& docs) const;  // without 0
  Result<std::vector<OwnerId>> owners(const DocSet& docs) const;
  Result<size_t> count_owners(const DocSet& docs) const;  // how many, without naming them
  // The same rows as rows(), a few thousand at a time: ascending in each, 0 among them, and not
  // ascending from one to the next.
  Status visit_rows(const DocSet& docs,
                    const std::function<void(std::span<const RowId>)>& visit) const;

  // Reads every block of every mapped file and checks its CRC. kCorruption names file and block.
  Status verify() const;

 private:
  std::shared_ptr<const ColumnsState> state_;
};

class Columns {
 public:
  // Opens the cache in `directory`, by the rules of Index::open: what can't be used is set aside.
  // An index may have its cache in the same directory.
  static Result<std::unique_ptr<Columns>> open(const std::string& directory, const TruthId& truth,
                                               Access access = Access::kReadWrite);
  static Result<std::unique_ptr<Columns>> open_in(std::shared_ptr<Directory> directory,
                                                  const TruthId& truth);
  ~Columns();

  uint64_t generation() const;                 // of the last commit
  const std::string& dropped_because() const;  // empty: the cache was used or did not exist

  // Adds documents; the facts, the owner and the row of those that exist are replaced. Unseen until
  // commit. All or nothing: kInvalidArgument names the document that is there twice.
  Status put(const Documents& documents);
  // Forgets documents; unknown ones are no error. Unseen until commit.
  Status erase(std::span<const DocId> docs);
  // Publishes everything since the last commit as this generation (never lower than the last). Once
  // fresh documents exceed kSpillBytes they go to disk here, as Index::commit does it.
  Status commit(uint64_t generation);
  // Writes all fresh documents and the manifest, by the rules of Index::seal.
  Status seal();

  ColumnsSnapshot snapshot() const;

  // Facts of some ten thousand documents: what a crash loses is replayed in half a second.
  static constexpr size_t kSpillBytes = size_t{4} << 20;

 private:
  class Writer;
  explicit Columns(std::unique_ptr<Writer> writer);
  std::unique_ptr<Writer> writer_;
};

}  // namespace nearsight
