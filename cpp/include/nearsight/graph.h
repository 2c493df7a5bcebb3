// The graph index: rows linked to near ones on several levels (HNSW: Malkov and Yashunin, TPAMI
// 2020, arXiv 1603.09320), with f16 rows to score them by, in one mapped file.
//
// hnswlib 0.8.0 chooses the links; the search is ours, because it reads the file where it is
// mapped, follows no link that leads out of it, and takes masks. How far it goes is no setting: the
// build holds some rows out, asks for them, and keeps what breadth found how much (calibration.h).
// Built from rows of unit length, immutable, searched by any thread at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nearsight/codes.h"
#include "nearsight/directory.h"
#include "nearsight/progress.h"
#include "nearsight/row_mask.h"
#include "nearsight/status.h"
#include "nearsight/types.h"

namespace nearsight {

struct GraphQuestion {
  const float* query;                // dim numbers, of unit length
  size_t k = 10;                     // at least 1
  float recall = 0.99f;              // of the k best, on average; above 0, below 1
  const RowMask* allowed = nullptr;  // by place (Graph::allow); nullptr: all rows
  const RowMask* erased = nullptr;   // by id - first_row(); nullptr: none
};

struct GraphAnswer {
  // The min(k, matches) best by their f16 numbers, best first; then those that these beat by no
  // more than rounding to f16 can do (2^-11).
  std::vector<ScoredRow> rows;
  float recall = 1;   // expected share of the true k best; 1 where every row was scored
  size_t scored = 0;  // rows that were scored, those twice that two walks met
};

class Graph {
 public:
  // `directory`: nullptr builds in memory.
  struct Plan {
    uint32_t dim;
    TruthId owner;
    std::string name;
    Directory* directory = nullptr;
    size_t threads = 1;
  };

  // Fails: kInvalidArgument (no rows, too many, a dim above kMaxDim, or it was cancelled),
  // kIoError, and whatever the source says. A file that is not whole is removed. With more than
  // one thread, no two builds link the same rows.
  static Result<std::shared_ptr<const Graph>> build(const RowSource& rows, const Plan& plan,
                                                    Progress& progress);
  // Maps the file and checks its header; the rest is checked where it is first touched.
  static Result<std::shared_ptr<const Graph>> open(const Directory& directory,
                                                   const std::string& name, const TruthId& owner,
                                                   uint32_t dim);
  ~Graph();

  size_t size() const;      // rows
  RowId first_row() const;  // the lowest id
  RowId last_row() const;   // the highest
  size_t file_bytes() const;

  // Rows by their ids (bit i: id first_row() + i) as what a question allows: by their place among
  // the graph's rows.
  Result<RowMask> allow(const RowMask& rows) const;
  // Fails: kCorruption (a damaged block or an impossible link was met: nothing is returned).
  Result<GraphAnswer> search(const GraphQuestion& question) const;
  Status verify() const;  // every block

  static constexpr uint32_t kMaxDim = 4096;

 private:
  friend class GraphBuilder;
  struct Parts;
  explicit Graph(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace nearsight
