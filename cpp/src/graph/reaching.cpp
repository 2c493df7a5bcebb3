#include "reaching.h"

#include <algorithm>

#include "walk.h"

namespace nearsight {
namespace {

constexpr size_t kRounds = 4;    // a link that takes another's place may cut rows off in turn
constexpr size_t kBreadth = 64;  // near rows, of which one may have room for a link

// Marks every row that links lead to from `place`.
Status follow(const GraphView& view, uint32_t place, RowMask& reached) {
  std::vector<uint32_t> ahead(1, place);
  reached.set(place);
  while (!ahead.empty()) {
    auto links = view.links(ahead.back(), 0);
    if (!links.is_ok()) return links.status();
    ahead.pop_back();
    const uint32_t* const list = links.value();
    for (size_t i = 1; i <= list[0]; ++i) {
      if (reached.test(list[i])) continue;
      reached.set(list[i]);
      ahead.push_back(list[i]);
    }
  }
  return Status::ok();
}

// Links the nearest row that is reached and has room, or the nearest of all, to `place`.
Status reach(const GraphView& view, std::span<std::byte> bytes, const CodeKernels& kernels,
             uint32_t place) {
  std::vector<float> query(view.dim);
  kernels.widen(view.row(place), view.dim, query.data());
  Walk walk(view, kernels, query.data());
  if (Status status = walk.find(kBreadth, view.rows); !status.is_ok()) return status;
  const auto near = walk.take_best();
  auto chosen = std::find_if(near.begin(), near.end(), [&](const Walk::Near& row) {
    return view.ground(row.place)[0] < kGroundLinks;
  });
  if (chosen == near.end()) chosen = near.begin();
  const uint64_t at =
      view.layout.elements + chosen->place * view.layout.stride + view.layout.links_at;
  auto* const list = reinterpret_cast<uint32_t*>(bytes.data() + at);
  if (list[0] < kGroundLinks) ++list[0];
  list[list[0]] = place;
  return Status::ok();
}

}  // namespace

Status reach_all(const GraphView& view, std::span<std::byte> bytes, const RowMask& linked,
                 const CodeKernels& kernels) {
  for (size_t round = 0; round < kRounds; ++round) {
    RowMask reached(view.rows);
    bool is_whole = true;
    if (Status status = follow(view, view.entry, reached); !status.is_ok()) return status;
    RowMask twins = linked;
    twins.flip();
    reached |= twins;
    for (size_t place = reached.next_clear(0, view.rows); place < view.rows;
         place = reached.next_clear(place, view.rows)) {
      is_whole = false;
      const auto row = static_cast<uint32_t>(place);
      if (Status status = reach(view, bytes, kernels, row); !status.is_ok()) return status;
      if (Status status = follow(view, row, reached); !status.is_ok()) return status;
    }
    if (is_whole) break;
  }
  return Status::ok();
}

}  // namespace nearsight
