#include <algorithm>
#include <array>

#include "nearsight/guard.h"
#include "places.h"
#include "query.h"
#include "state.h"

namespace nearsight {
namespace {

std::span<uint64_t> words_of(RowMask& mask, const PlacedColumns& placed) {
  return mask.words().subspan(placed.begin / 64, (placed.docs() + 63) / 64);
}

// The living documents that mark(part, words) marks in one part after the other.
template <class Mark>
Result<DocSet> marked(const std::shared_ptr<const ColumnsState>& state, Mark mark) {
  RowMask mask = state->empty();
  for (const PlacedColumns& placed : state->contents.parts) {
    Status status = mark(*placed.part, words_of(mask, placed));
    if (!status.is_ok()) return status;
  }
  mask &= state->contents.live;
  return DocSet(state, std::move(mask));
}

// The same for those that have a key, in the column of this name, in narrow(part, keys).
template <class Narrow>
Result<DocSet> with_keys(const std::shared_ptr<const ColumnsState>& state, const std::string& name,
                         Narrow narrow) {
  return marked(state, [&](const ColumnPart& part, std::span<uint64_t> words) -> Status {
    auto keys = keys_of_column(part, name);
    if (!keys.is_ok()) return keys.status();
    Result<Range> narrowed = narrow(part, keys.value());
    return narrowed.is_ok() ? mark_keys(part, narrowed.value(), words) : narrowed.status();
  });
}

Result<Range> within_bounds(const ColumnPart& part, Range keys, const std::optional<Bound>& low,
                            const std::optional<Bound>& high) {
  if (low) {
    auto begin = first_at(part, keys, low->value.key);
    if (!begin.is_ok()) return begin.status();
    keys.begin = begin.value();
  }
  if (high) {
    auto end = first_at(part, keys, high->value.key);
    if (!end.is_ok()) return end.status();
    keys.end = end.value();
  }
  return keys;
}

// An edge that lies on the other side of its value: x > v is x >= the first bytes after v.
std::optional<Bound> stepped(std::optional<Bound> bound, bool is_past) {
  if (bound && is_past) bound->value.key.push_back('\0');
  return bound;
}

Status check_bounds(const std::optional<Bound>& low, const std::optional<Bound>& high) {
  if (!low && !high) return Status::invalid_argument("a range needs at least one bound");
  for (const auto* bound : {&low, &high}) {
    if (!*bound || (*bound)->value.kind == Kind::kNumber || (*bound)->value.kind == Kind::kText) {
      continue;
    }
    return Status::invalid_argument("the bounds of a range are numbers or texts");
  }
  if (!low || !high || low->value.kind == high->value.kind) return Status::ok();
  return Status::invalid_argument("one bound is a number, the other a text: they have no order");
}

// The keys of one column that a shape's band holds.
template <class Shape>
Result<Range> keys_in_band(const ColumnPart& part, const std::string& name, const Shape& shape) {
  auto keys = keys_of_column(part, name);
  if (!keys.is_ok()) return keys.status();
  const auto [south, north] = shape.band();
  auto begin = first_at(part, keys.value(), latitude_key(south));
  if (!begin.is_ok()) return begin.status();
  auto end = first_past(part, {begin.value(), keys.value().end}, latitude_key(north));
  if (!end.is_ok()) return end.status();
  return Range{begin.value(), end.value()};
}

// Marks those of some keys whose points a shape holds.
template <class Shape>
Status mark_places(const ColumnPart& part, Range keys, const Shape& shape,
                   std::span<uint64_t> words) {
  std::array<Place, kPlacesAtOnce> places;
  std::array<bool, kPlacesAtOnce> held;
  while (keys.begin < keys.end) {
    const uint64_t count = std::min<uint64_t>(places.size(), keys.end - keys.begin);
    auto found = Points::of(part, {keys.begin, keys.begin + count});
    if (!found.is_ok()) return found.status();
    const Points& points = found.value();
    for (size_t i = 0; i < count; ++i) places[i] = place_of(points.keys + i * kPointBytes);
    shape.judge(std::span(places).first(count), held.data());
    uint64_t begin = points.begin;
    for (size_t i = 0; i < count; ++i) {
      for (; begin < points.ends[i].items; ++begin) {
        const uint32_t document = points.documents[begin - points.begin];
        words[document >> 6] |= uint64_t{held[i]} << (document & 63);
      }
    }
    keys.begin += count;
  }
  return Status::ok();
}

template <class Shape>
Result<DocSet> in_shape(const std::shared_ptr<const ColumnsState>& state, std::string_view path,
                        const Result<Shape>& shape) {
  if (!shape.is_ok()) return shape.status();
  const std::string name = column_name(path, Kind::kPoint);
  return marked(state, [&](const ColumnPart& part, std::span<uint64_t> words) -> Status {
    auto keys = keys_in_band(part, name, shape.value());
    if (!keys.is_ok()) return keys.status();
    return mark_places(part, keys.value(), shape.value(), words);
  });
}

}  // namespace

uint64_t ColumnsSnapshot::generation() const { return state_->contents.generation; }

size_t ColumnsSnapshot::size() const { return state_->live_count; }

Result<DocSet> ColumnsSnapshot::equal(std::string_view path, const Value& value) const {
  return guarded([&]() -> Result<DocSet> {
    const Bound bound{value, false};
    return with_keys(state_, column_name(path, value.kind),
                     [&](const ColumnPart& part, Range keys) {
                       return within_bounds(part, keys, bound, stepped(bound, true));
                     });
  });
}

Result<DocSet> ColumnsSnapshot::between(std::string_view path, const std::optional<Bound>& low,
                                        const std::optional<Bound>& high) const {
  return guarded([&]() -> Result<DocSet> {
    if (Status status = check_bounds(low, high); !status.is_ok()) return status;
    const std::string name = column_name(path, (low ? low : high)->value.kind);
    const auto from = stepped(low, low && low->is_open);
    const auto to = stepped(high, high && !high->is_open);
    return with_keys(state_, name, [&](const ColumnPart& part, Range keys) {
      return within_bounds(part, keys, from, to);
    });
  });
}

Result<DocSet> ColumnsSnapshot::exists(std::string_view path, bool is_prefix) const {
  return guarded([&]() -> Result<DocSet> {
    std::string beginning(path);
    if (!is_prefix) beginning.push_back('\0');
    const bool can_be = path.find('\0') == std::string_view::npos;
    return marked(state_, [&](const ColumnPart& part, std::span<uint64_t> words) -> Status {
      if (!can_be) return Status::ok();
      auto columns = columns_beginning(part, beginning);
      if (!columns.is_ok()) return columns.status();
      auto keys = part.items(kColumnDictionary, columns.value());
      return keys.is_ok() ? mark_keys(part, keys.value(), words) : keys.status();
    });
  });
}

Result<DocSet> ColumnsSnapshot::within(std::string_view path, Place centre, double km) const {
  return guarded([&] { return in_shape(state_, path, Circle::make(centre, km)); });
}

Result<DocSet> ColumnsSnapshot::box(std::string_view path, double south, double west, double north,
                                    double east) const {
  return guarded([&] { return in_shape(state_, path, LatLonBox::make(south, west, north, east)); });
}

Result<DocSet> ColumnsSnapshot::polygon(std::string_view path,
                                        std::span<const Place> corners) const {
  return guarded([&] { return in_shape(state_, path, Polygon::make(corners)); });
}

Status ColumnsSnapshot::verify() const {
  return guarded([&]() -> Status {
    for (const PlacedColumns& placed : state_->contents.parts) {
      if (Status status = placed.part->verify(); !status.is_ok()) return status;
    }
    return Status::ok();
  });
}

}  // namespace nearsight
