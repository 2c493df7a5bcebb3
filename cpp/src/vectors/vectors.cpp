#include "nearsight/vectors.h"

#include <algorithm>
#include <cmath>

#include "identity.h"
#include "nearsight/guard.h"
#include "room.h"

namespace nearsight {
namespace {

// Where scoring every row costs about as much as one search of the codes (cpp/FORMAT.md has the
// numbers): below, rows are not coded unless somebody asks for it, and fresh ones are left to wait.
constexpr size_t kSmallBytes = size_t{8} << 20;
// Rows are coded when more than a sixteenth of all are not (coding so many costs about what copying
// the others does), and erased ones leave the codes when more than a quarter of all were. A graph
// is made as a whole, and waits for a quarter.
constexpr size_t kFreshShare = 16, kErasedShare = 4, kWholeShare = 4;

const FinderKind& kind_of(Finding finding) {
  return finding == Finding::kCodes ? codes_kind() : graph_kind();
}

std::vector<Field> fields_of(uint32_t dim, Element element) {
  return {{"vector", dim, element, Metric::kCosine}, {"key", kKeyDim, Element::kF32, Metric::kDot}};
}

Status check_numbers(std::span<const float> numbers, size_t dim) {
  for (size_t begin = 0; begin < numbers.size(); begin += dim) {
    bool is_zero = true;
    for (const float number : numbers.subspan(begin, dim)) {
      if (!std::isfinite(number)) {
        return Status::invalid_argument("query " + std::to_string(begin / dim) +
                                        " has a number that is not finite");
      }
      is_zero = is_zero && number == 0;
    }
    if (is_zero) {
      return Status::invalid_argument("query " + std::to_string(begin / dim) +
                                      " is all zeros, which has no direction");
    }
  }
  return Status::ok();
}

Status check_question(const VectorQuestion& question, size_t dim) {
  if (question.k == 0) return Status::invalid_argument("k is 0: ask for at least one vector");
  if (!(question.recall > 0 && question.recall <= 1)) {
    return Status::invalid_argument("recall is above 0 and at most 1, not " +
                                    std::to_string(question.recall));
  }
  if (question.threads < 1 || question.threads > kMaxThreads) {
    return Status::invalid_argument("threads are 1 to " + std::to_string(kMaxThreads) + ", not " +
                                    std::to_string(question.threads));
  }
  return check_numbers(question.queries, dim);
}

bool is_stale(const View& view, size_t dim, bool grows) {
  const auto is_much = [&](size_t rows, size_t share) {
    return rows * dim * sizeof(float) > kSmallBytes && rows * share > view.snapshot().size();
  };
  if (!grows) return is_much(view.fresh(), kWholeShare);
  return is_much(view.fresh(), kFreshShare) || is_much(view.erased_count(), kErasedShare);
}

}  // namespace

Vectors::Vectors(std::unique_ptr<Room> room) : room_(std::move(room)) {}
Vectors::~Vectors() = default;

Result<std::unique_ptr<Vectors>> Vectors::create(const std::string& directory, uint32_t dim,
                                                 Element element, Finding finding) {
  return guarded([&]() -> Result<std::unique_ptr<Vectors>> {
    if (dim < 1 || dim > kMaxVectorDim) {
      return Status::invalid_argument("dim is 1 to " + std::to_string(kMaxVectorDim) + ", not " +
                                      std::to_string(dim));
    }
    const Identity identity{dim, element, finding, drawn_truth()};
    if (!directory.empty()) {
      auto folder = open_directory(directory, Access::kDurable);
      if (!folder.is_ok()) return folder.status();
      auto names = folder.value()->list();
      if (!names.is_ok()) return names.status();
      for (const std::string& name : names.value()) {
        if (name == "lock") continue;
        return Status::invalid_argument("'" + directory + "' holds '" + name +
                                        "': an index wants a folder of its own");
      }
      Status status = write_identity(*folder.value(), identity);
      if (!status.is_ok()) return status;
      return open(directory);
    }
    auto index = Index::open("", identity.truth, fields_of(dim, element));
    if (!index.is_ok()) return index.status();
    auto room = std::make_unique<Room>(std::move(index.value()), nullptr, kind_of(finding),
                                       identity, Access::kReadWrite);
    if (Status status = room->begin(); !status.is_ok()) return status;
    return std::unique_ptr<Vectors>(new Vectors(std::move(room)));
  });
}

Result<std::unique_ptr<Vectors>> Vectors::open(const std::string& directory, Access access) {
  return guarded([&]() -> Result<std::unique_ptr<Vectors>> {
    auto folder = open_directory(directory, access);
    if (!folder.is_ok()) return folder.status();
    auto identity = read_identity(*folder.value());
    if (!identity.is_ok()) return identity.status();
    const auto [dim, element, finding, truth] = identity.value();
    auto index = Index::open_in(folder.value(), truth, fields_of(dim, element));
    if (!index.is_ok()) return index.status();
    if (!index.value()->dropped_because().empty()) {
      return Status::corruption("the index '" + directory +
                                "' cannot be read: " + index.value()->dropped_because());
    }
    if (index.value()->generation() == 0) {
      auto names = folder.value()->list();
      if (!names.is_ok()) return names.status();
      for (const std::string& name : names.value()) {
        if (!name.ends_with(".seg") && !name.ends_with(kind_of(finding).suffix())) continue;
        return Status::corruption("the index '" + directory + "' has lost its file 'manifest'");
      }
    }
    auto room = std::make_unique<Room>(std::move(index.value()), folder.value(), kind_of(finding),
                                       identity.value(), access);
    if (Status status = room->begin(); !status.is_ok()) return status;
    return std::unique_ptr<Vectors>(new Vectors(std::move(room)));
  });
}

uint32_t Vectors::dim() const { return room_->dim(); }
Element Vectors::element() const { return room_->element(); }
Finding Vectors::finding() const { return room_->finding(); }
size_t Vectors::size() const { return room_->view()->snapshot().size(); }

size_t Vectors::coded() const {
  const auto view = room_->view();
  return view->finder() == nullptr ? 0 : view->finder()->size();
}

Result<std::vector<Key>> Vectors::keys() const {
  return guarded([&]() -> Result<std::vector<Key>> {
    const auto view = room_->view();
    auto rows = view->snapshot().ids();
    if (!rows.is_ok()) return rows.status();
    return keys_of(view->snapshot(), rows.value());
  });
}

Result<std::vector<float>> Vectors::read(std::span<const Key> keys) const {
  return guarded([&]() -> Result<std::vector<float>> {
    std::vector<RowId> rows;
    if (Status status = room_->find(keys, rows); !status.is_ok()) return status;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] != 0) continue;
      return Status::invalid_argument("there is no vector with the id " + std::to_string(keys[i]));
    }
    std::vector<float> numbers(rows.size() * dim());
    Status status = room_->view()->snapshot().read(kVectorField, rows, numbers.data());
    if (!status.is_ok()) return status;
    return numbers;
  });
}

Result<std::vector<bool>> Vectors::has(std::span<const Key> keys) const {
  return guarded([&]() -> Result<std::vector<bool>> {
    std::vector<RowId> rows;
    if (Status status = room_->find(keys, rows); !status.is_ok()) return status;
    std::vector<bool> there(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) there[i] = rows[i] != 0;
    return there;
  });
}

Status Vectors::add(std::span<const Key> keys, std::span<const float> vectors) {
  return guarded([&] { return room_->change(keys, vectors, false); });
}

Status Vectors::update(std::span<const Key> keys, std::span<const float> vectors) {
  return guarded([&] { return room_->change(keys, vectors, true); });
}

Status Vectors::remove(std::span<const Key> keys) {
  return guarded([&] { return room_->remove(keys); });
}

Result<std::shared_ptr<const Choice>> Vectors::choose(std::span<const Key> keys) const {
  return guarded([&]() -> Result<std::shared_ptr<const Choice>> {
    std::vector<RowId> rows;
    if (Status status = room_->find(keys, rows); !status.is_ok()) return status;
    const RowId last = rows.empty() ? 0 : *std::max_element(rows.begin(), rows.end());
    RowMask chosen(last + 1);
    for (const RowId row : rows)
      if (row != 0) chosen.set(row);
    const size_t count = chosen.count();
    return std::shared_ptr<const Choice>(new Choice(std::move(chosen), count));
  });
}

Result<std::shared_ptr<const Choice>> Vectors::choose(const std::vector<bool>& flags) const {
  return guarded([&]() -> Result<std::shared_ptr<const Choice>> {
    auto rows = room_->view()->snapshot().ids();
    if (!rows.is_ok()) return rows.status();
    if (rows.value().size() != flags.size()) {
      return Status::invalid_argument("there are " + std::to_string(rows.value().size()) +
                                      " vectors, but " + std::to_string(flags.size()) + " flags");
    }
    RowMask chosen(flags.empty() ? 0 : rows.value().back() + 1);
    for (size_t i = 0; i < flags.size(); ++i)
      if (flags[i]) chosen.set(rows.value()[i]);
    const size_t count = chosen.count();
    return std::shared_ptr<const Choice>(new Choice(std::move(chosen), count));
  });
}

Result<VectorAnswer> Vectors::search(const VectorQuestion& asked) const {
  return guarded([&]() -> Result<VectorAnswer> {
    if (Status status = check_question(asked, dim()); !status.is_ok()) return status;
    VectorQuestion question = asked;
    question.exact = asked.exact || asked.recall == 1;
    const auto view = room_->view();
    if (!question.exact && dim() <= room_->max_dim() && is_stale(*view, dim(), room_->grows()))
      room_->start_by_itself();
    auto answer = view->search(question, dim());
    if (answer.is_ok() || answer.status().code() != StatusCode::kCorruption ||
        view->finder() == nullptr || question.exact) {
      return answer;
    }
    room_->forget(view->finder());  // the rows answer instead; if they are damaged too, they say
    question.exact = true;
    return view->search(question, dim());
  });
}

Status Vectors::flush() {
  return guarded([&] { return room_->flush(); });
}

Status Vectors::verify() const {
  const auto view = room_->view();
  if (Status status = view->snapshot().verify(); !status.is_ok()) return status;
  return view->finder() == nullptr ? Status::ok() : view->finder()->verify();
}

Status Vectors::start_optimizing(size_t threads, bool retrain) const {
  return room_->start(std::clamp<size_t>(threads, 1, kMaxThreads), retrain);
}
float Vectors::optimized() const { return room_->done(); }
bool Vectors::wait(double seconds) const { return room_->wait(seconds); }
void Vectors::cancel() const { room_->cancel(); }
Status Vectors::outcome() const { return room_->outcome(); }
bool Vectors::was_cancelled() const { return room_->was_cancelled(); }

}  // namespace nearsight
