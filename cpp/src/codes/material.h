// The rows of a codes file in the making: those of the file before, then those that are added.
#pragma once

#include <optional>
#include <vector>

#include "coarse.h"
#include "nearsight/codes.h"
#include "nearsight/progress.h"
#include "parts.h"

namespace nearsight {

// What one thread needs to take rows in hand.
struct RowBuffers {
  RowBuffers(size_t pieces, size_t dim, size_t wide)
      : ids(pieces), rows(pieces * dim), rotated(wide), residual(wide), scratch(wide) {}
  std::vector<RowId> ids;
  std::vector<float> rows, rotated, residual;
  Coarse::Scratch scratch;
};

// Row i is the i-th slot of the file before, if there is one, or else row i - kept() of the source.
// Rows of the file before are read as it keeps them, in f16.
class Material {
 public:
  Material(const Codes::Plan& plan, const RowSource& added, const CodeKernels& kernels)
      : plan_(plan), added_(added), kernels_(kernels) {}

  size_t kept() const { return base() == nullptr ? 0 : base()->header.rows; }
  size_t size() const { return kept() + added_.size(); }
  const Codes::Parts* base() const {
    return plan_.base == nullptr ? nullptr : plan_.base->parts_.get();
  }
  bool is_erased(size_t row) const;  // REQUIRES row < kept(), and that its slot was checked
  Status read(size_t row, RowId& id, float* numbers) const;

  // Calls take(row, id, numbers, buffers) for each row of which is_wanted(row), on all threads.
  template <class IsWanted, class Take>
  Status each(Progress& progress, float from, float to, IsWanted is_wanted, Take take) const;

 private:
  static constexpr size_t kPieceRows = 1024;
  static size_t pieces_of(size_t rows) { return (rows + kPieceRows - 1) / kPieceRows; }

  const Codes::Plan& plan_;
  const RowSource& added_;
  const CodeKernels& kernels_;
};

inline bool Material::is_erased(size_t row) const {
  return plan_.erased != nullptr &&
         plan_.erased->test(base()->row_id(row) - base()->header.first_row);
}

inline Status Material::read(size_t row, RowId& id, float* numbers) const {
  if (row >= kept()) return added_.read(row - kept(), 1, &id, numbers);
  if (Status status = base()->check_vector(row); !status.is_ok()) return status;
  id = base()->row_id(row);
  kernels_.widen(base()->vector(row), plan_.dim, numbers);
  return Status::ok();
}

template <class IsWanted, class Take>
Status Material::each(Progress& progress, float from, float to, IsWanted is_wanted,
                      Take take) const {
  const size_t old_pieces = pieces_of(kept()), pieces = old_pieces + pieces_of(added_.size());
  std::vector<std::optional<RowBuffers>> of_worker(workers_of(pieces, plan_.threads));
  return run_tasks(
      pieces, plan_.threads, progress, from, to, [&](size_t worker, size_t piece) -> Status {
        auto& own = of_worker[worker];
        if (!own) own.emplace(kPieceRows, plan_.dim, Rotation::rotated_dim(plan_.dim));
        const bool is_old = piece < old_pieces;
        const size_t begin =
            is_old ? piece * kPieceRows : kept() + (piece - old_pieces) * kPieceRows;
        const size_t end = std::min(is_old ? kept() : size(), begin + kPieceRows);
        size_t first = begin;
        while (first < end && !is_wanted(first)) ++first;
        if (first == end) return Status::ok();
        if (!is_old) {
          Status status =
              added_.read(begin - kept(), end - begin, own->ids.data(), own->rows.data());
          if (!status.is_ok()) return status;
        }
        for (size_t row = first; row < end; ++row) {
          if (!is_wanted(row)) continue;
          const size_t i = row - begin;
          float* const numbers = own->rows.data() + i * plan_.dim;
          if (is_old) {
            if (Status status = read(row, own->ids[i], numbers); !status.is_ok()) return status;
          }
          take(row, own->ids[i], numbers, *own);
        }
        return Status::ok();
      });
}

}  // namespace nearsight
