// What finds most of the best rows without scoring them all: derived from the rows, immutable, in
// one file that may be deleted at any time, searched by any thread at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nearsight/codes.h"
#include "nearsight/directory.h"
#include "nearsight/progress.h"
#include "nearsight/row_mask.h"
#include "nearsight/status.h"
#include "nearsight/types.h"

namespace nearsight {

// Which rows of one finder may be found; made by Finder::allow and for it only.
class Allowed {
 public:
  virtual ~Allowed() = default;
  virtual size_t count() const = 0;
};

struct FinderQuestion {
  const float* query;                // dim numbers, of unit length
  size_t k;                          // at least 1
  float recall;                      // of the k best, on average; above 0, below 1
  const Allowed* allowed = nullptr;  // nullptr: all rows
  const RowMask* erased = nullptr;   // by id - first_row(); nullptr: none
};

struct FinderAnswer {
  // The min(k, matches) best as the finder scores them, which is rounded, best first; then those
  // that these beat by no more than that rounding, in any order.
  std::vector<ScoredRow> rows;
  float recall = 1;  // expected share of the true k best
};

class Finder {
 public:
  virtual ~Finder() = default;
  virtual size_t size() const = 0;      // rows
  virtual RowId first_row() const = 0;  // the lowest id
  virtual RowId last_row() const = 0;   // the highest
  // Rows by their ids: bit i of `rows` stands for id first_row() + i.
  virtual Result<std::shared_ptr<const Allowed>> allow(const RowMask& rows) const = 0;
  // Fails: kCorruption (a damaged block was met: nothing is returned).
  virtual Result<FinderAnswer> search(const FinderQuestion& question) const = 0;
  virtual Status verify() const = 0;  // every block
};

struct FinderPlan {
  uint32_t dim;
  TruthId owner;
  std::string name;
  Directory* directory;  // nullptr: in memory
  // Of the same kind, whose rows are taken over but for the erased; nullptr: the rows are all.
  const Finder* before;
  const RowMask* erased;  // by id - before->first_row(); nullptr: none
  size_t threads;
};

// How finders of one kind come to be. There is one object of each kind, which lives for ever.
class FinderKind {
 public:
  virtual ~FinderKind() = default;
  virtual std::string_view prefix() const = 0;  // of its files' names: <prefix><n><suffix>
  virtual std::string_view suffix() const = 0;
  virtual uint32_t max_dim() const = 0;
  virtual bool grows() const = 0;  // can be made from the one before, at the price of the change
  virtual Result<std::shared_ptr<const Finder>> open(const Directory& directory,
                                                     const std::string& name, const TruthId& owner,
                                                     uint32_t dim) const = 0;
  // Fails as Codes::build does.
  virtual Result<std::shared_ptr<const Finder>> build(const RowSource& rows, const FinderPlan& plan,
                                                      Progress& progress) const = 0;
};

const FinderKind& codes_kind();
const FinderKind& graph_kind();

}  // namespace nearsight
