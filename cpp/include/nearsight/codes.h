// The compressed index: rows in lists of similar ones, one bit a dimension to find them by and f16
// rows to score them with, in one mapped file that says nothing of where its rows came from.
//
// Built from rows of unit length, immutable, searched by any thread at any time. The centroids and
// the order of lists are k-means' (an inverted file); the codes and their error bound are RaBitQ's
// (Gao and Long, SIGMOD 2024, arXiv 2405.12497); both stand in the way of nothing: how far a search
// goes follows from the query, the bound and the recall that is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nearsight/code_kernels.h"
#include "nearsight/directory.h"
#include "nearsight/progress.h"
#include "nearsight/row_mask.h"
#include "nearsight/status.h"
#include "nearsight/types.h"

namespace nearsight {

// Every table this CPU can run, scalar first, and the one that goes with chosen_kernels().
std::vector<const CodeKernels*> available_code_kernels();
Result<const CodeKernels*> chosen_code_kernels();

// Rows to build from: numbered 0 .. size() - 1 in ascending order of their ids.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual size_t size() const = 0;
  // Rows [begin, begin + count), of unit length and row-major. From several threads at once.
  virtual Status read(size_t begin, size_t count, RowId* ids, float* rows) const = 0;
};

// Which coded rows may be found, in the order of the codes; made by Codes::mask and for them only.
class CodeMask {
 public:
  size_t count() const { return count_; }

 private:
  friend class Codes;
  friend class Probe;
  std::vector<uint32_t> blocks_;   // bit j of word b: row j of block b
  std::vector<uint32_t> in_list_;  // how many of each list's rows
  size_t count_ = 0;
};

struct CodesQuestion {
  const float* query;                 // dim numbers, of unit length
  size_t k = 10;                      // at least 1
  float recall = 0.99f;               // of the k best, on average; above 0, below 1
  const CodeMask* allowed = nullptr;  // nullptr: all rows
  const RowMask* erased = nullptr;    // by id - first_row(); nullptr: none
};

struct CodesAnswer {
  // The min(k, matches) best by their f16 numbers, best first; then those that these beat by no
  // more than rounding to f16 can do (2^-11), in any order.
  std::vector<ScoredRow> rows;
  float recall = 1;   // expected share of the true k best; 1 where every row was scored
  size_t lists = 0;   // that were looked into
  size_t scored = 0;  // rows that were scored by their f16 numbers
};

class Codes {
 public:
  // What a build needs to know besides the rows that it adds. `base`: codes whose rows are taken
  // over, but for those of `erased` (by id - base->first_row(); nullptr: none), and whose lists are
  // changed only where rows came or went; nullptr: lists are learned from a sample. `directory`:
  // nullptr builds in memory.
  struct Plan {
    uint32_t dim;
    TruthId owner;
    std::string name;
    Directory* directory = nullptr;
    const Codes* base = nullptr;
    const RowMask* erased = nullptr;
    size_t threads = 1;
  };

  // REQUIRES ids above those of the base. Fails: kInvalidArgument (no rows, too many, a dim above
  // kMaxDim, or it was cancelled), kIoError, kCorruption (of the base), and whatever the source
  // says. A file that is not whole is removed.
  static Result<std::shared_ptr<const Codes>> build(const RowSource& rows, const Plan& plan,
                                                    Progress& progress);
  // Maps the file and checks its header; the rest is checked where it is first touched.
  static Result<std::shared_ptr<const Codes>> open(const Directory& directory,
                                                   const std::string& name, const TruthId& owner,
                                                   uint32_t dim);
  ~Codes();

  size_t size() const;  // rows
  size_t lists() const;
  RowId first_row() const;  // the lowest id
  RowId last_row() const;   // the highest
  size_t file_bytes() const;

  // Rows by their ids: bit i of `rows` stands for id first_row() + i.
  Result<CodeMask> mask(const RowMask& rows) const;
  // Fails: kCorruption (a damaged block was met: nothing is returned).
  Result<CodesAnswer> search(const CodesQuestion& question) const;
  Result<std::vector<RowId>> ids() const;  // ascending
  Status verify() const;                   // every block

  static constexpr uint32_t kMaxDim = 4096;

 private:
  friend class Probe;
  friend class Builder;
  friend class Material;
  friend class Placing;
  struct Parts;
  explicit Codes(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace nearsight
