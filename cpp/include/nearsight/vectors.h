// Vectors under ids of the caller's, searched by cosine: rows in an index (index.h), which here is
// the truth itself, and what finds most of the best of them fast, codes (codes.h) or a
// graph (graph.h), derived from it.
//
// What was added or removed is seen by the next search, and outlives the process once flushed. Rows
// that came after these were built are scored one by one, until optimize() or a search that finds
// too many of them has them built again. Damaged ones cost speed and no answer: the rows are asked
// instead. One writing process at a time (the caller's lock); within it any thread, at any time:
// changes wait for each other, searches wait for nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "nearsight/directory.h"
#include "nearsight/index.h"
#include "nearsight/status.h"

namespace nearsight {

class Allowed;
class Finder;

// What finds the rows; the number is the file's.
enum class Finding : uint16_t { kCodes = 0, kGraph = 1 };

// The caller's name of a vector: any number.
using Key = uint64_t;

// Which vectors may be found: a set that stays as it is while vectors come and go. Made by Vectors;
// worth keeping, because what a search derives from it is kept with it.
class Choice {
 public:
  size_t count() const { return count_; }  // when it was made

 private:
  friend class Vectors;
  friend class View;
  Choice(RowMask rows, size_t count) : rows_(std::move(rows)), count_(count) {}
  Result<std::shared_ptr<const Allowed>> of(const std::shared_ptr<const Finder>& finder) const;

  RowMask rows_;  // by row id
  size_t count_;
  mutable std::mutex deriving_;
  mutable std::weak_ptr<const Finder> derived_from_;
  mutable std::shared_ptr<const Allowed> derived_;
};

struct VectorQuestion {
  std::span<const float> queries;  // row-major, dim numbers each
  size_t k = 10;
  float recall = 0.99f;
  bool exact = false;
  std::shared_ptr<const Choice> allowed;  // nullptr: all
  size_t threads = 1;
};

struct VectorAnswer {
  size_t columns = 0;         // min(k, matches), the same for every query
  std::vector<Key> keys;      // row-major, best first, ties by age
  std::vector<float> scores;  // cosines
  bool is_exact = true;       // every match was scored by its own numbers
  float recall = 1;           // expected share of the true best, the least of all queries
};

class Vectors {
 public:
  static constexpr uint32_t kMaxVectorDim = kMaxDim;

  // Makes an index in memory, or in a directory that is empty or missing.
  static Result<std::unique_ptr<Vectors>> create(const std::string& directory, uint32_t dim,
                                                 Element element,
                                                 Finding finding = Finding::kCodes);
  // Opens one that create() made. Fails: kInvalidArgument (there is none), kCorruption.
  static Result<std::unique_ptr<Vectors>> open(const std::string& directory,
                                               Access access = Access::kDurable);
  ~Vectors();

  uint32_t dim() const;
  Element element() const;
  Finding finding() const;
  size_t size() const;
  size_t coded() const;                   // vectors that codes or graph hold, removed ones too
  Result<std::vector<Key>> keys() const;  // in the order in which the vectors came
  Result<std::vector<float>> read(std::span<const Key> keys) const;  // unit vectors
  Result<std::vector<bool>> has(std::span<const Key> keys) const;

  // All or nothing: a vector without a direction, a key that is there already (update: that is not
  // there), or one that is given twice fails with kInvalidArgument. An updated vector counts as
  // new.
  Status add(std::span<const Key> keys, std::span<const float> vectors);
  Status update(std::span<const Key> keys, std::span<const float> vectors);
  Status remove(std::span<const Key> keys);  // all of them have to be there

  Result<std::shared_ptr<const Choice>> choose(
      std::span<const Key> keys) const;  // unknown: ignored
  // One flag for each of keys().
  Result<std::shared_ptr<const Choice>> choose(const std::vector<bool>& flags) const;
  Result<VectorAnswer> search(const VectorQuestion& question) const;

  Status flush();
  Status verify() const;  // every block of every file

  // Codes or links all vectors, on a thread of its own; one run at a time. `retrain` learns the
  // codes' lists anew.
  Status start_optimizing(size_t threads, bool retrain) const;
  float optimized() const;          // 0 .. 1 of the run in progress; 1: there is none
  bool wait(double seconds) const;  // for the run in progress; true: there is none
  void cancel() const;              // what was there before stays
  Status outcome() const;           // of the last run
  bool was_cancelled() const;

 private:
  class Room;
  explicit Vectors(std::unique_ptr<Room> room);
  std::unique_ptr<Room> room_;
};

}  // namespace nearsight
