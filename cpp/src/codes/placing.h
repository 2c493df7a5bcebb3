// Which list each row of a codes file goes to, and where the lists' centroids lie.
//
// Lists live on from file to file (after SPFresh: Xu et al., SOSP 2023): rows that come are given
// to the nearest, and a list that lost most of its rows hands the rest to others. Rows that are far
// from every list and those of lists that grew too large get new lists, learned from them alone.
// What was not touched stays as it is, so that the work is the change's.
#pragma once

#include <functional>
#include <vector>

#include "coarse.h"
#include "material.h"
#include "rotation.h"
#include "training.h"

namespace nearsight {

class Placing {
 public:
  Placing(const Material& material, const Codes::Plan& plan, const Rotation& rotation,
          const CodeKernels& kernels, Progress& progress);

  // `until`: the share of the progress that is reached when it is done.
  Status run(float until);

  static constexpr uint32_t kNowhere = UINT32_MAX;  // the list of a row that was erased

  const Coarse& coarse() const { return coarse_; }
  size_t lists() const { return coarse_.view().lists; }
  const std::vector<uint32_t>& list_of() const { return list_of_; }  // of each row of the material
  // The list of the file before that each list is; kNowhere: a new one.
  const std::vector<uint32_t>& origins() const { return origins_; }

 private:
  static constexpr uint32_t kUnplaced = kNowhere - 1;
  using RowAt = std::function<size_t(size_t)>;

  Status learn(float until);
  Status take_over();
  Status place(float from, float until, bool anywhere);
  Status make_room(float from, float until);
  Status sample(size_t count, const RowAt& row_at, Sample& sample) const;
  bool is_far(uint32_t list, float squared) const;
  void drop_empty_lists();
  void set_lists(std::vector<float> centroids);
  std::vector<float> centroids(const Coarse& coarse) const;
  std::vector<size_t> sizes() const;
  size_t wanted_size() const;  // of a list

  const Material& material_;
  const Codes::Plan& plan_;
  const Rotation& rotation_;
  const CodeKernels& kernels_;
  Progress& progress_;
  size_t wide_, rows_ = 0;  // that are not erased
  Coarse coarse_;
  std::vector<uint32_t> list_of_, origins_;
  std::vector<size_t> had_;  // rows of each list before any came
};

}  // namespace nearsight
