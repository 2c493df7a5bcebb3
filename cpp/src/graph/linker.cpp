#include "linker.h"

#include <exception>
#include <new>
#include <sstream>

// What hnswlib would print goes nowhere.
namespace nearsight {
inline std::ostream& unheard() {
  static thread_local std::ostringstream stream;
  stream.str({});
  return stream;
}
}  // namespace nearsight
#define HNSWLIB_ERR_OVERRIDE nearsight::unheard()
#include <hnswlib/hnswlib.h>

namespace nearsight {
namespace {

constexpr size_t kEffort = 200;  // candidates that a new row's links are chosen from

struct Scoring {
  const CodeKernels* kernels;
  size_t dim;
};

// One row of a pair as f32. hnswlib compares many rows with the same one, so it is kept.
struct Widened {
  const void* row = nullptr;
  std::vector<float> numbers;

  void set(const void* wanted, const Scoring& scoring) {
    numbers.resize(scoring.dim);
    scoring.kernels->widen(static_cast<const uint16_t*>(wanted), scoring.dim, numbers.data());
    row = wanted;
  }
};
thread_local Widened widened;

float distance(const void* a, const void* b, const void* param) {
  const auto& scoring = *static_cast<const Scoring*>(param);
  if (b == widened.row) std::swap(a, b);
  if (a != widened.row) {  // of two rows that are both new, the second is the one that stays
    widened.set(b, scoring);
    std::swap(a, b);
  }
  const auto* const row = static_cast<const uint16_t*>(b);
  float dot;
  scoring.kernels->score_apart(widened.numbers.data(), &row, 1, scoring.dim, &dot);
  return 1 - dot;
}

class Space final : public hnswlib::SpaceInterface<float> {
 public:
  explicit Space(const Scoring& scoring) : scoring_(scoring) {}
  size_t get_data_size() override { return 0; }  // rows lie in the draft
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return &scoring_; }

 private:
  Scoring scoring_;
};

}  // namespace

// hnswlib's graph over memory of ours: what it allocated for rows and lists is given back.
class Linker::Lists {
 public:
  Lists(std::span<std::byte> bytes, const GraphLayout& layout, uint32_t dim,
        const std::vector<uint8_t>& levels, uint32_t entry, const CodeKernels& kernels)
      : scoring{&kernels, dim}, space(scoring), graph(&space, levels.size(), kLinks, kEffort) {
    free(graph.data_level0_memory_);
    graph.data_level0_memory_ = reinterpret_cast<char*>(bytes.data() + layout.elements);
    graph.size_data_per_element_ = layout.stride;
    graph.offsetData_ = 0;
    graph.offsetLevel0_ = layout.links_at;
    const auto* const starts =
        reinterpret_cast<const uint32_t*>(bytes.data() + layout.upper_starts);
    for (size_t place = 0; place < levels.size(); ++place) {
      graph.element_levels_[place] = levels[place];
      graph.linkLists_[place] = reinterpret_cast<char*>(
          bytes.data() + layout.uppers + starts[place] * kUpperList * sizeof(uint32_t));
    }
    graph.enterpoint_node_ = entry;
    graph.maxlevel_ = levels[entry];
  }
  ~Lists() { graph.data_level0_memory_ = nullptr; }  // its element count is 0: it frees no list

  void link(uint32_t place);

 private:
  float to(uint32_t place) const {
    return distance(widened.row, graph.getDataByInternalId(place), &scoring);
  }

  Scoring scoring;
  Space space;
  hnswlib::HierarchicalNSW<float> graph;
};

// Algorithm 1 of the paper. hnswlib's own addPoint draws levels from a generator that its threads
// share, and reads the entry while another thread may change it; here both are known before.
void Linker::Lists::link(uint32_t place) {
  const std::unique_lock own(graph.link_list_locks_[place]);
  const char* const row = graph.getDataByInternalId(place);
  widened.set(row, scoring);
  uint32_t nearest = graph.enterpoint_node_;
  float least = to(nearest);
  const int top = graph.element_levels_[place];
  for (int level = graph.maxlevel_; level > top; --level) {
    for (bool is_nearer = true; is_nearer;) {
      is_nearer = false;
      const std::unique_lock lock(graph.link_list_locks_[nearest]);
      const auto* const list = graph.get_linklist(nearest, level);
      for (size_t i = 1, count = list[0]; i <= count; ++i) {
        const float near = to(list[i]);
        if (!(near < least)) continue;
        least = near;
        nearest = list[i];
        is_nearer = true;
      }
    }
  }
  for (int level = top; level >= 0; --level) {
    widened.set(row, scoring);
    auto candidates = graph.searchBaseLayer(nearest, row, level);
    nearest = graph.mutuallyConnectNewElement(row, place, candidates, level, false);
  }
}

// hnswlib's exceptions end here.
template <class Body>
auto caught(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory("out of memory");
  } catch (const std::exception& error) {
    return Status::corruption(std::string("hnswlib stopped: ") + error.what());
  }
}

Linker::Linker(std::unique_ptr<Lists> lists) : lists_(std::move(lists)) {}
Linker::~Linker() = default;

Result<std::unique_ptr<Linker>> Linker::make(std::span<std::byte> bytes, const GraphLayout& layout,
                                             uint32_t dim, const std::vector<uint8_t>& levels,
                                             uint32_t entry, const CodeKernels& kernels) {
  return caught([&]() -> Result<std::unique_ptr<Linker>> {
    auto lists = std::make_unique<Lists>(bytes, layout, dim, levels, entry, kernels);
    return std::unique_ptr<Linker>(new Linker(std::move(lists)));
  });
}

Status Linker::link(uint32_t place) {
  return caught([&] {
    lists_->link(place);
    return Status::ok();
  });
}

}  // namespace nearsight
