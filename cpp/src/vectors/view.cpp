#include "view.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "keys.h"
#include "nearsight/kernels.h"
#include "nearsight/tasks.h"

namespace nearsight {
namespace {

constexpr size_t kFewRows = 256;  // allowed rows that are scored one by one without the finder

// Rows of a snapshot whose bit is set, by id.
std::vector<RowId> set_rows(const RowMask& rows) {
  std::vector<RowId> ids;
  for (size_t id = rows.next_set(0, rows.size()); id < rows.size();
       id = rows.next_set(id + 1, rows.size()))
    ids.push_back(id);
  return ids;
}

std::vector<float> unit(std::span<const float> query) {
  double squares = 0;
  for (const float number : query) squares += static_cast<double>(number) * number;
  const double scale = 1 / std::sqrt(squares);
  std::vector<float> made(query.size());
  for (size_t i = 0; i < made.size(); ++i) made[i] = static_cast<float>(query[i] * scale);
  return made;
}

}  // namespace

Result<std::shared_ptr<const Allowed>> Choice::of(
    const std::shared_ptr<const Finder>& finder) const {
  const std::lock_guard lock(deriving_);
  if (derived_ != nullptr && derived_from_.lock() == finder) return derived_;
  RowMask rows(finder->last_row() - finder->first_row() + 1);
  for (size_t i = 0; i < rows.size() && finder->first_row() + i < rows_.size(); ++i)
    if (rows_.test(finder->first_row() + i)) rows.set(i);
  auto allowed = finder->allow(rows);
  if (!allowed.is_ok()) return allowed.status();
  derived_ = std::move(allowed.value());
  derived_from_ = finder;
  return derived_;
}

Result<std::shared_ptr<View>> View::without_erased(std::shared_ptr<const Snapshot> snapshot,
                                                   std::shared_ptr<const Finder> finder) {
  auto view = std::make_shared<View>();
  view->fresh_count_ = snapshot->size();
  if (finder != nullptr) {
    auto newer = snapshot->newer_than(finder->last_row());
    if (!newer.is_ok()) return newer.status();
    view->fresh_count_ = newer.value().count();
    if (view->fresh_count_ > 0) view->newer_ = std::move(newer.value());
  }
  view->snapshot_ = std::move(snapshot);
  view->finder_ = std::move(finder);
  return view;
}

Result<std::shared_ptr<const View>> View::make(std::shared_ptr<const Snapshot> snapshot,
                                               std::shared_ptr<const Finder> finder) {
  auto made = without_erased(std::move(snapshot), std::move(finder));
  if (!made.is_ok()) return made.status();
  View& view = *made.value();
  if (view.finder_ != nullptr &&
      view.snapshot_->size() - view.fresh_count_ != view.finder_->size()) {
    auto ids = view.snapshot_->ids();
    if (!ids.is_ok()) return ids.status();
    const RowId first = view.finder_->first_row(), last = view.finder_->last_row();
    view.erased_.emplace(last - first + 1, true);
    for (const RowId id : ids.value())
      if (id >= first && id <= last) view.erased_->clear(id - first);
  }
  return std::shared_ptr<const View>(std::move(made.value()));
}

Result<std::shared_ptr<const View>> View::next(std::shared_ptr<const Snapshot> snapshot,
                                               std::span<const RowId> erased) const {
  auto made = without_erased(std::move(snapshot), finder_);
  if (!made.is_ok()) return made.status();
  View& view = *made.value();
  view.erased_ = erased_;
  for (const RowId id : erased) {
    if (finder_ == nullptr || id > finder_->last_row()) continue;
    if (!view.erased_) view.erased_.emplace(finder_->last_row() - finder_->first_row() + 1);
    if (id >= finder_->first_row()) view.erased_->set(id - finder_->first_row());
  }
  return std::shared_ptr<const View>(std::move(made.value()));
}

Result<RowMask> View::mask_of(const Choice& choice) const {
  return snapshot_->mask_of(set_rows(choice.rows_));
}

Result<View::Shared> View::share(const VectorQuestion& question) const {
  const Choice* const choice = question.allowed.get();
  const bool has_finder =
      finder_ != nullptr && !question.exact && (choice == nullptr || choice->count() > kFewRows);
  Shared shared;
  shared.columns = std::min(question.k, snapshot_->size());
  if (choice != nullptr && (!has_finder || erased_ || newer_)) {
    auto rows = mask_of(*choice);
    if (!rows.is_ok()) return rows.status();
    shared.columns = std::min(question.k, rows.value().count());
    shared.rows = std::move(rows.value());
  }
  if (!has_finder) return shared;
  shared.finder = finder_.get();
  shared.has_rows = newer_.has_value();
  if (newer_) shared.rows = shared.rows ? * shared.rows &= *newer_ : *newer_;
  if (choice == nullptr) return shared;
  auto found = choice->of(finder_);
  if (!found.is_ok()) return found.status();
  shared.allowed = std::move(found.value());
  if (!erased_ && !newer_) shared.columns = std::min(question.k, shared.allowed->count());
  return shared;
}

// Rounded numbers found them; what they are worth, their own numbers say. The kernel takes
// rows that are padded with zeros.
Status View::score_again(std::span<const float> query, std::vector<ScoredRow>& rows) const {
  const size_t dim = (query.size() + kDimStep - 1) / kDimStep * kDimStep;
  std::vector<float> padded(dim), vectors(rows.size() * dim), scores(rows.size());
  std::copy(query.begin(), query.end(), padded.begin());
  for (size_t i = 0; i < rows.size(); ++i) {
    Status status = snapshot_->read(kVectorField, {&rows[i].id, 1}, vectors.data() + i * dim);
    if (!status.is_ok()) return status;
  }
  chosen_kernels().value()->score.f32(padded.data(), 1, vectors.data(), nullptr, rows.size(), dim,
                                      dim, scores.data());
  for (size_t i = 0; i < rows.size(); ++i) rows[i].score = scores[i];
  std::sort(rows.begin(), rows.end(), ranks_before);
  return Status::ok();
}

Status View::answer(const Shared& shared, const VectorQuestion& question,
                    std::span<const float> query, Key* keys, float* scores, float& recall) const {
  std::vector<ScoredRow> best;
  const std::vector<float> unit_query = unit(query);
  if (shared.finder != nullptr) {
    auto found = shared.finder->search({unit_query.data(), question.k, question.recall,
                                        shared.allowed.get(), erased_ ? &*erased_ : nullptr});
    if (!found.is_ok()) return found.status();
    best = std::move(found.value().rows);
    recall = found.value().recall;
    if (Status status = score_again(unit_query, best); !status.is_ok()) return status;
  }
  if (shared.has_rows) {
    const Rank rank{{Term{"vector", unit_query}}};
    auto rows = snapshot_->search({&rank, 1}, question.k, 0, shared.rows ? &*shared.rows : nullptr);
    if (!rows.is_ok()) return rows.status();
    const auto middle = static_cast<ptrdiff_t>(best.size());
    best.insert(best.end(), rows.value().begin(), rows.value().end());
    std::inplace_merge(best.begin(), best.begin() + middle, best.end(), ranks_before);
  }
  best.resize(std::min(best.size(), shared.columns));
  std::vector<RowId> ids(best.size());
  for (size_t i = 0; i < best.size(); ++i) {
    ids[i] = best[i].id;
    scores[i] = static_cast<float>(best[i].score);
  }
  auto named = keys_of(*snapshot_, ids);
  if (!named.is_ok()) return named.status();
  std::copy(named.value().begin(), named.value().end(), keys);
  return Status::ok();
}

Result<VectorAnswer> View::search(const VectorQuestion& question, size_t dim) const {
  auto shared = share(question);
  if (!shared.is_ok()) return shared.status();
  const size_t count = question.queries.size() / dim, columns = shared.value().columns;
  VectorAnswer answer{columns, std::vector<Key>(count * columns),
                      std::vector<float>(count * columns), shared.value().finder == nullptr, 1};
  if (columns == 0) return answer;
  std::vector<float> recalls(count, 1.0f);
  Status status = run_tasks(count, question.threads, [&](size_t, size_t i) {
    return this->answer(shared.value(), question, question.queries.subspan(i * dim, dim),
                        answer.keys.data() + i * columns, answer.scores.data() + i * columns,
                        recalls[i]);
  });
  if (!status.is_ok()) return status;
  for (const float recall : recalls) answer.recall = std::min(answer.recall, recall);
  return answer;
}

}  // namespace nearsight
