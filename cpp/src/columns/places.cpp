#include "places.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace nearsight {
namespace {

constexpr double kRadians = std::numbers::pi / 180;
constexpr double kSlack = 1e-12;  // radians: 6 micrometres

double squared(double number) { return number * number; }

// sin(x) of |x| <= pi but for its sign: the series, on 0..pi/2.
double sine(double x) {
  x = std::fabs(x);
  x = x > std::numbers::pi / 2 ? std::numbers::pi - x : x;
  const double y = x * x;
  double sum = -1.0 / 1307674368000;
  sum = sum * y + 1.0 / 6227020800;
  sum = sum * y - 1.0 / 39916800;
  sum = sum * y + 1.0 / 362880;
  sum = sum * y - 1.0 / 5040;
  sum = sum * y + 1.0 / 120;
  sum = sum * y - 1.0 / 6;
  return x + x * y * sum;
}

Status check(Place place, const char* what) {
  auto point = point_value(place.latitude, place.longitude);
  return point.is_ok() ? Status::ok()
                       : Status::invalid_argument(std::string(what) + ": " +
                                                  std::string(point.status().message()));
}

// Degrees to the east from one longitude to another the shorter way round, -180..180.
double turn(double from, double to) {
  const double east = to - from;
  if (east > 180) return east - 360;
  return east < -180 ? east + 360 : east;
}

// The date line has one longitude only: -180.
Place on_one_side(Place place) {
  return {place.latitude, place.longitude == 180 ? -180 : place.longitude};
}

// Degrees to the east from `west`, 0..360.
double eastwards(double west, double longitude) {
  const double east = longitude - west;
  return east < 0 ? east + 360 : east;
}

}  // namespace

Result<Circle> Circle::make(Place centre, double km) {
  if (Status status = check(centre, "the centre"); !status.is_ok()) return status;
  if (!(km >= 0)) {
    return Status::invalid_argument("km is " + std::to_string(km) +
                                    ": a distance is a number of at least 0");
  }
  return Circle(centre, km);
}

Circle::Circle(Place centre, double km)
    : centre_(centre),
      reach_(km / kEarthKm + kSlack),
      cosine_(std::cos(centre.latitude * kRadians)) {
  const double widest = std::min(reach_, std::numbers::pi);
  surely_in_ = squared(std::sin(widest / 2)) - 1e-9;
  surely_out_ = reach_ < std::numbers::pi ? surely_in_ + 2e-9 : 2;
}

Band Circle::band() const {
  const double degrees = reach_ / kRadians + 1e-6;
  return {centre_.latitude - degrees, centre_.latitude + degrees};
}

double Circle::about(Place place) const {
  const double up = sine((place.latitude - centre_.latitude) * (kRadians / 2));
  const double along = sine((place.longitude - centre_.longitude) * (kRadians / 2));
  return squared(up) + cosine_ * sine((90 - place.latitude) * kRadians) * squared(along);
}

// A loop of its own for the polynomial: compilers do several places at once. And one without a
// branch: whether a place is in cannot be guessed.
void Circle::judge(std::span<const Place> places, bool* held) const {
  std::array<double, kPlacesAtOnce> haversines;
  for (size_t i = 0; i < places.size(); ++i) haversines[i] = about(places[i]);
  const auto is_near = [&](double haversine) {
    return (haversine >= surely_in_) & (haversine <= surely_out_);
  };
  bool is_any_near = false;
  for (size_t i = 0; i < places.size(); ++i) {
    held[i] = haversines[i] < surely_in_;
    is_any_near |= is_near(haversines[i]);
  }
  for (size_t i = 0; is_any_near && i < places.size(); ++i) {
    if (is_near(haversines[i])) held[i] = holds(places[i]);
  }
}

bool Circle::holds(Place place) const {
  const double up = std::sin((place.latitude - centre_.latitude) * kRadians / 2);
  const double along = std::sin((place.longitude - centre_.longitude) * kRadians / 2);
  const double haversine =
      squared(up) + cosine_ * std::cos(place.latitude * kRadians) * squared(along);
  return 2 * std::asin(std::min(1.0, std::sqrt(haversine))) <= reach_;
}

Result<LatLonBox> LatLonBox::make(double south, double west, double north, double east) {
  Status status = check({south, west}, "the south-west corner");
  if (status.is_ok()) status = check({north, east}, "the north-east corner");
  if (!status.is_ok()) return status;
  if (south > north) {
    return Status::invalid_argument("the box's south, " + std::to_string(south) +
                                    ", lies north of its north, " + std::to_string(north));
  }
  return LatLonBox(south, west, north, east);
}

void LatLonBox::judge(std::span<const Place> places, bool* held) const {
  for (size_t i = 0; i < places.size(); ++i) {
    const auto [latitude, longitude] = places[i];
    const bool is_past_west = longitude >= west_, is_before_east = longitude <= east_;
    const bool is_between =
        west_ <= east_ ? is_past_west && is_before_east : is_past_west || is_before_east;
    held[i] = is_between && south_ <= latitude && latitude <= north_;
  }
}

Result<Polygon> Polygon::make(std::span<const Place> corners) {
  if (corners.size() < 3) {
    return Status::invalid_argument("a polygon has at least 3 corners, not " +
                                    std::to_string(corners.size()));
  }
  for (size_t i = 0; i < corners.size(); ++i) {
    Status status = check(corners[i], ("corner " + std::to_string(i)).c_str());
    if (!status.is_ok()) return status;
  }
  return Polygon(corners);
}

Polygon::Polygon(std::span<const Place> corners) : band_{90, -90} {
  double around = 0, latitudes = 0;
  for (size_t i = 0; i < corners.size(); ++i) {
    const Place from = on_one_side(corners[i]);
    const Place to = on_one_side(corners[(i + 1) % corners.size()]);
    const double east = turn(from.longitude, to.longitude);
    const auto [south, north] = std::minmax(from.latitude, to.latitude);
    edges_.push_back(east >= 0 ? Edge{from, to, south, north} : Edge{to, from, south, north});
    band_ = {std::min(band_.south, from.latitude), std::max(band_.north, from.latitude)};
    around += east;
    latitudes += from.latitude;
  }
  looks_south_ = latitudes >= 0;  // away from the pole that a polygon round a pole holds
  if (std::fabs(around) > 180) (looks_south_ ? band_.north : band_.south) = looks_south_ ? 90 : -90;
}

// Longitudes are compared and never subtracted: at a corner, one of its two edges spans it.
bool Polygon::Edge::spans(double longitude) const {
  const bool is_past_west = longitude >= west.longitude,
             is_before_east = longitude < east.longitude;
  return west.longitude <= east.longitude ? is_past_west && is_before_east
                                          : is_past_west || is_before_east;
}

double Polygon::Edge::latitude_at(double longitude) const {
  if (longitude == west.longitude) return west.latitude;
  const double along =
      eastwards(west.longitude, longitude) / eastwards(west.longitude, east.longitude);
  return west.latitude + along * (east.latitude - west.latitude);
}

// The eastern end, or anywhere on an edge that runs north.
bool Polygon::Edge::ends_at(Place place) const {
  if (place.longitude != east.longitude) return false;
  if (west.longitude != east.longitude) return place.latitude == east.latitude;
  return south <= place.latitude && place.latitude <= north;
}

void Polygon::judge(std::span<const Place> places, bool* held) const {
  for (size_t i = 0; i < places.size(); ++i) held[i] = holds(places[i]);
}

// Counts the edges between the place and a pole; on an edge is inside.
bool Polygon::holds(Place given) const {
  const Place place = on_one_side(given);
  bool is_inside = false;
  for (const Edge& edge : edges_) {
    if (edge.ends_at(place)) return true;
    if (!edge.spans(place.longitude)) continue;
    bool is_south = edge.north < place.latitude;
    if (!is_south && edge.south <= place.latitude) {
      const double latitude = edge.latitude_at(place.longitude);
      if (latitude == place.latitude) return true;
      is_south = latitude < place.latitude;
    }
    if (is_south == looks_south_) is_inside = !is_inside;
  }
  return is_inside;
}

}  // namespace nearsight
