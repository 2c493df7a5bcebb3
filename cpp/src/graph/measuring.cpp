#include "measuring.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>

#include "walk.h"

namespace nearsight {
namespace {

constexpr size_t kMost = kCalibratedFor[1];
constexpr size_t kGroups = 8;
constexpr size_t kTogether = 16;     // queries that look for their best together
constexpr size_t kAtOnce = 64;       // rows that they look at together
constexpr float kTruthShare = 0.5f;  // of the time
constexpr uint64_t kSeed = 0x6e656172;
// What is left of a row in a query unlike it, what all of these share, and what is noise.
constexpr float kCopy = 0.45f, kShift = 0.8f, kNoise = 0.25f;

struct Queries {
  std::vector<float> numbers;            // row-major, of unit length
  std::vector<std::vector<float>> best;  // scores of the best kMost linked rows, falling
};

void bring_to_length(float* numbers, size_t dim, float length) {
  double squares = 0;
  for (size_t i = 0; i < dim; ++i) squares += static_cast<double>(numbers[i]) * numbers[i];
  const auto scale = static_cast<float>(length / std::sqrt(std::max(squares, 1e-30)));
  for (size_t i = 0; i < dim; ++i) numbers[i] *= scale;
}

std::vector<float> like(const GraphView& view, const CodeKernels& kernels,
                        const std::vector<uint32_t>& held) {
  std::vector<float> numbers(held.size() * view.dim);
  for (size_t i = 0; i < held.size(); ++i) {
    kernels.widen(view.row(held[i]), view.dim, numbers.data() + i * view.dim);
    bring_to_length(numbers.data() + i * view.dim, view.dim, 1);
  }
  return numbers;
}

std::vector<float> unlike(const std::vector<float>& rows, size_t dim) {
  std::mt19937_64 random(kSeed);
  std::normal_distribution<float> normal;
  std::vector<float> mean(dim), noise(dim), numbers(rows.size());
  std::vector<float> shifts(kGroups * dim);  // each group has its own
  for (size_t i = 0; i < rows.size(); ++i) mean[i % dim] += rows[i];
  for (float& number : mean) number *= static_cast<float>(dim) / static_cast<float>(rows.size());
  for (float& number : shifts) number = normal(random);
  for (size_t i = 0; i < kGroups; ++i) bring_to_length(shifts.data() + i * dim, dim, kShift);
  for (size_t row = 0; row < rows.size(); row += dim) {
    const float* const shift = shifts.data() + row / dim % kGroups * dim;
    for (float& number : noise) number = normal(random);
    bring_to_length(noise.data(), dim, kNoise);
    for (size_t i = 0; i < dim; ++i)
      numbers[row + i] = kCopy * (rows[row + i] - mean[i]) + shift[i] + noise[i];
    bring_to_length(numbers.data() + row, dim, 1);
  }
  return numbers;
}

// The best scores of a few queries among all rows that are linked, by looking at all of them.
void look_at_all(const GraphView& view, const CodeKernels& kernels,
                 const std::vector<bool>& is_held, size_t first, size_t count, Queries& queries) {
  float scores[kAtOnce];
  std::vector<const uint16_t*> rows;
  for (uint32_t place = 0; place < view.rows;) {
    rows.clear();
    for (; place < view.rows && rows.size() < kAtOnce; ++place)
      if (!is_held[place]) rows.push_back(view.row(place));
    for (size_t query = first; query < first + count; ++query) {
      std::vector<float>& best = queries.best[query];
      kernels.score_apart(queries.numbers.data() + query * view.dim, rows.data(), rows.size(),
                          view.dim, scores);
      for (size_t i = 0; i < rows.size(); ++i) {
        if (best.size() == kMost && !(scores[i] > best.front())) continue;
        best.push_back(scores[i]);
        std::push_heap(best.begin(), best.end(), std::greater<>());
        if (best.size() <= kMost) continue;
        std::pop_heap(best.begin(), best.end(), std::greater<>());
        best.pop_back();
      }
    }
  }
  for (size_t query = first; query < first + count; ++query)
    std::sort(queries.best[query].begin(), queries.best[query].end(), std::greater<>());
}

Status find_truth(const GraphView& view, const CodeKernels& kernels,
                  const std::vector<uint32_t>& held, size_t threads, float from, float to,
                  Progress& progress, Queries& queries) {
  std::vector<bool> is_held(view.rows);
  for (const uint32_t first : held) {
    is_held[first] = true;
    for (auto twin = view.twin(first); twin.is_ok() && twin.value() != 0;
         twin = view.twin(twin.value()))
      is_held[twin.value()] = true;
  }
  const size_t count = queries.numbers.size() / view.dim;
  queries.best.resize(count);
  return run_tasks(
      (count + kTogether - 1) / kTogether, threads, progress, from, to, [&](size_t, size_t group) {
        const size_t first = group * kTogether;
        look_at_all(view, kernels, is_held, first, std::min(kTogether, count - first), queries);
        return Status::ok();
      });
}

// What was found of the queries of one group.
struct Sums {
  std::atomic<size_t> found = 0, wanted = 0, scored = 0;

  float recall() const { return static_cast<float>(found) / static_cast<float>(wanted); }
};

Status ask(const GraphView& view, const CodeKernels& kernels, const Queries& queries, size_t query,
           size_t k, size_t breadth, Sums& sums) {
  Walk walk(view, kernels, queries.numbers.data() + query * view.dim);
  if (Status status = walk.find(breadth, view.rows); !status.is_ok()) return status;
  const std::vector<float>& best = queries.best[query];
  const size_t wanted = std::min(k, best.size());
  const auto taken = walk.take_best_with_twins(wanted, 0);
  if (!taken.is_ok()) return taken.status();
  const auto& rows = taken.value();
  for (size_t i = 0; i < std::min(wanted, rows.size()); ++i)
    sums.found += rows[i].score >= best[wanted - 1] - 1e-6f ? 1 : 0;
  sums.wanted += wanted;
  sums.scored += walk.scored();
  return Status::ok();
}

// What may be relied on. Queries unlike the rows come in groups, and those of tomorrow are another
// group: they may find as much less as groups differ. Queries like the rows are one group, whose
// average is known as well as a sample can.
float relied_on(const Sums* sums, size_t groups, QueryKind kind) {
  float mean = 0, squares = 0;
  for (size_t group = 0; group < groups; ++group)
    mean += sums[group].recall() / static_cast<float>(groups);
  for (size_t group = 0; group < groups; ++group)
    squares += (sums[group].recall() - mean) * (sums[group].recall() - mean);
  const float spread = std::sqrt(squares / static_cast<float>(groups));
  const float error = spread / std::sqrt(static_cast<float>(groups));
  return mean - (kind == kLike ? 2 * error : spread);
}

// Where nothing was missed, the next one might have been.
float known(const Sums* sums, size_t groups) {
  size_t wanted = 0;
  for (size_t group = 0; group < groups; ++group) wanted += sums[group].wanted;
  return 1 - 1 / static_cast<float>(wanted);
}

// Broader and broader, until all is found or looking at all rows costs less.
Status draw(const GraphView& view, const CodeKernels& kernels, const Queries& queries,
            QueryKind kind, size_t k, size_t threads, Progress& progress, Curve& curve) {
  const size_t count = queries.best.size(), groups = std::min(kGroups, count);
  for (size_t i = 0; i < kBreadthCount; ++i) {
    if (kBreadths[i] < k) continue;
    Sums sums[kGroups];
    Status status = run_tasks(
        count, threads, progress, progress.done(), progress.done(), [&](size_t, size_t query) {
          return ask(view, kernels, queries, query, k, kBreadths[i], sums[query % groups]);
        });
    if (!status.is_ok()) return status;
    size_t scored = 0;
    for (const Sums& group : sums) scored += group.scored;
    curve.recall[i] = std::min(relied_on(sums, groups, kind), known(sums, groups));
    curve.scored[i] = static_cast<float>(scored) / static_cast<float>(count);
    if (curve.recall[i] == known(sums, groups) ||
        curve.scored[i] > static_cast<float>(view.rows) / 2)
      break;
  }
  return Status::ok();
}

}  // namespace

Result<Calibration> measured(const GraphView& view, const CodeKernels& kernels,
                             const std::vector<uint32_t>& held, size_t threads, float from,
                             float to, Progress& progress) {
  Calibration calibration{};
  if (held.empty()) return calibration;
  Queries queries[kQueryKinds];
  queries[kLike].numbers = like(view, kernels, held);
  queries[kUnlike].numbers = unlike(queries[kLike].numbers, view.dim);
  const float step = (to - from) / static_cast<float>(kQueryKinds);
  for (size_t kind = 0; kind < kQueryKinds; ++kind, from += step) {
    Status status = find_truth(view, kernels, held, threads, from, from + step * kTruthShare,
                               progress, queries[kind]);
    for (size_t i = 0; i < 2 && status.is_ok(); ++i)
      status = draw(view, kernels, queries[kind], static_cast<QueryKind>(kind), kCalibratedFor[i],
                    threads, progress, calibration.curves[kind][i]);
    if (!status.is_ok()) return status;
  }
  std::vector<float> bests;
  for (const auto& best : queries[kLike].best) bests.push_back(best.front());
  std::sort(bests.begin(), bests.end());
  calibration.alike = bests[bests.size() / 20];
  return calibration;
}

}  // namespace nearsight
