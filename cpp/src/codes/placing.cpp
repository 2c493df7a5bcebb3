#include "placing.h"

#include <algorithm>
#include <numeric>

#include "noise.h"

namespace nearsight {
namespace {

// A list of more than so many times the wanted size is too large; one that lost rows and has less
// than an eighth of it left is too small.
constexpr size_t kTooLarge = 4, kTooSmall = 8;
// A row is far from its list if its squared distance is more than so many times the list's average
// (or what rounding alone may cause): where rows lie around their centroid in many dimensions, all
// are about equally far from it.
constexpr float kFar = 2, kRounding = 1e-5f;

}  // namespace

Placing::Placing(const Material& material, const Codes::Plan& plan, const Rotation& rotation,
                 const CodeKernels& kernels, Progress& progress)
    : material_(material),
      plan_(plan),
      rotation_(rotation),
      kernels_(kernels),
      progress_(progress),
      wide_(rotation.rotated_dim()),
      coarse_(0, wide_, kernels),
      list_of_(material.size(), kUnplaced) {}

Status Placing::run(float until) {
  Status status = plan_.base == nullptr ? learn(until / 3) : take_over();
  if (status.is_ok()) status = place(until / 3, until * 2 / 3, plan_.base == nullptr);
  if (status.is_ok() && plan_.base != nullptr) status = make_room(until * 2 / 3, until * 5 / 6);
  if (status.is_ok()) status = place(until * 5 / 6, until, true);
  if (status.is_ok()) drop_empty_lists();
  return status;
}

Status Placing::sample(size_t count, const RowAt& row_at, Sample& sample) const {
  Noise noise(kSeed);
  std::vector<float> row(plan_.dim);
  for (size_t i = 0; i < sample.count; ++i) {  // one row of each stretch
    const size_t begin = i * count / sample.count, end = (i + 1) * count / sample.count;
    RowId id;
    Status status = material_.read(row_at(begin + noise.below(end - begin)), id, row.data());
    if (!status.is_ok()) return status;
    rotation_.apply(row.data(), sample.rows.data() + i * wide_);
  }
  return Status::ok();
}

Status Placing::learn(float until) {
  rows_ = material_.size();
  coarse_ = Coarse(lists_for(rows_), wide_, kernels_);
  Sample some(samples_for(lists(), rows_), wide_);
  Status status = sample(rows_, [](size_t i) { return i; }, some);
  if (status.is_ok()) status = train(some, kSeed, plan_.threads, progress_, 0, until, coarse_);
  origins_.assign(lists(), kNowhere);
  had_.assign(lists(), 0);
  return status;
}

Status Placing::take_over() {
  const Codes::Parts& base = *material_.base();
  if (Status status = base.check_coarse(); !status.is_ok()) return status;
  if (Status status = base.check_slots(0, base.header.rows); !status.is_ok()) return status;
  const ListEntry* const entries = base.entries();
  coarse_ = Coarse(base.header.lists, wide_, kernels_);
  coarse_.set({base.at<float>(base.layout.mean), base.coarse(), base.centroid(0), lists(), wide_});
  for (uint32_t list = 0; list < lists(); ++list) {
    for (size_t row = entries[list].first_slot; row < entries[list + 1].first_slot; ++row)
      list_of_[row] = material_.is_erased(row) ? kNowhere : list;
  }
  origins_.resize(lists());
  std::iota(origins_.begin(), origins_.end(), 0u);
  rows_ =
      list_of_.size() - static_cast<size_t>(std::count(list_of_.begin(), list_of_.end(), kNowhere));
  const std::vector<size_t> left = sizes();
  const auto largest = std::max_element(left.begin(), left.end()) - left.begin();
  const size_t wanted = wanted_size();
  for (size_t list = 0; list < lists(); ++list) {
    const size_t begin = entries[list].first_slot, end = entries[list + 1].first_slot;
    if (list == static_cast<size_t>(largest) || left[list] == end - begin ||
        left[list] * kTooSmall >= wanted)
      continue;
    std::replace(list_of_.begin() + static_cast<ptrdiff_t>(begin),
                 list_of_.begin() + static_cast<ptrdiff_t>(end), static_cast<uint32_t>(list),
                 kUnplaced);
  }
  drop_empty_lists();
  had_ = sizes();
  return Status::ok();
}

// Unless it is to go anywhere, a row that is far from every list stays unplaced.
Status Placing::place(float from, float until, bool anywhere) {
  return material_.each(
      progress_, from, until, [this](size_t row) { return list_of_[row] == kUnplaced; },
      [this, anywhere](size_t row, RowId, const float* numbers, RowBuffers& own) {
        rotation_.apply(numbers, own.rotated.data());
        const Coarse::Near near = coarse_.nearest(own.rotated.data(), own.scratch);
        if (anywhere || !is_far(near.list, near.squared)) list_of_[row] = near.list;
      });
}

bool Placing::is_far(uint32_t list, float squared) const {
  const float middle = material_.base()->entries()[origins_[list]].middle;
  return squared > kFar * middle * middle + kRounding;
}

// Learns lists for the rows that have none, and for those of lists that grew too large, which are
// given up.
Status Placing::make_room(float from, float until) {
  const std::vector<size_t> size = sizes();
  const size_t wanted = wanted_size();
  std::vector<size_t> rows;
  for (size_t row = 0; row < list_of_.size(); ++row) {
    const uint32_t list = list_of_[row];
    if (list == kNowhere) continue;
    if (list != kUnplaced && (size[list] <= kTooLarge * wanted || size[list] == had_[list]))
      continue;
    list_of_[row] = kUnplaced;
    rows.push_back(row);
  }
  if (rows.empty()) return Status::ok();
  drop_empty_lists();
  const size_t more = std::max<size_t>(1, rows.size() / wanted);
  Sample some(samples_for(more, rows.size()), wide_);
  Status status = sample(rows.size(), [&](size_t i) { return rows[i]; }, some);
  if (!status.is_ok()) return status;
  Coarse learned(more, wide_, kernels_);
  status = train(some, kSeed, plan_.threads, progress_, from, until, learned);
  std::vector<float> all = centroids(coarse_), theirs = centroids(learned);
  all.insert(all.end(), theirs.begin(), theirs.end());
  origins_.resize(origins_.size() + more, kNowhere);
  set_lists(std::move(all));
  return status;
}

std::vector<size_t> Placing::sizes() const {
  std::vector<size_t> sizes(lists());
  for (const uint32_t list : list_of_)
    if (list < kUnplaced) ++sizes[list];
  return sizes;
}

size_t Placing::wanted_size() const { return rows_ / lists_for(rows_); }

std::vector<float> Placing::centroids(const Coarse& coarse) const {
  std::vector<float> numbers(coarse.centroids().size());
  kernels_.widen(coarse.centroids().data(), numbers.size(), numbers.data());
  return numbers;
}

void Placing::set_lists(std::vector<float> centroids) {
  coarse_ = Coarse(centroids.size() / wide_, wide_, kernels_);
  coarse_.set(centroids);
}

void Placing::drop_empty_lists() {
  const std::vector<size_t> size = sizes();
  const std::vector<float> all = centroids(coarse_);
  std::vector<uint32_t> number(lists());
  std::vector<uint32_t> origins;
  std::vector<float> kept;
  for (size_t list = 0; list < lists(); ++list) {
    if (size[list] == 0) continue;
    number[list] = static_cast<uint32_t>(origins.size());
    origins.push_back(origins_[list]);
    const auto begin = all.begin() + static_cast<ptrdiff_t>(list * wide_);
    kept.insert(kept.end(), begin, begin + static_cast<ptrdiff_t>(wide_));
  }
  if (origins.size() == lists()) return;
  origins_ = std::move(origins);
  set_lists(std::move(kept));
  for (uint32_t& list : list_of_)
    if (list < kUnplaced) list = number[list];
}

}  // namespace nearsight
