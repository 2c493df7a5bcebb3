// Which places a circle, a box or a polygon on the earth holds.
#pragma once

#include <span>
#include <vector>

#include "nearsight/facts.h"
#include "nearsight/status.h"

namespace nearsight {

inline constexpr double kEarthKm = 6371.0088;  // mean radius, IUGG

// Each shape has a band() and judges at most so many places: held[i] becomes whether it holds
// places[i].
inline constexpr size_t kPlacesAtOnce = 256;

// Latitudes outside of which nothing can be.
struct Band {
  double south;
  double north;
};

// The haversine formula (Sinnott 1984). Most places are judged by a polynomial that is 1e-10 off at
// most; those that are too near to the rim for it, by the formula itself.
class Circle {
 public:
  static Result<Circle> make(Place centre, double km);
  Band band() const;
  void judge(std::span<const Place> places, bool* held) const;

 private:
  Circle(Place centre, double km);
  double about(Place place) const;  // the haversine, nearly
  bool holds(Place place) const;

  Place centre_;
  double reach_;      // in radians, with room for rounding
  double cosine_;     // of the centre's latitude
  double surely_in_;  // haversines, so that few places need the exact formula
  double surely_out_;
};

class LatLonBox {
 public:
  static Result<LatLonBox> make(double south, double west, double north, double east);
  Band band() const { return {south_, north_}; }
  void judge(std::span<const Place> places, bool* held) const;

 private:
  LatLonBox(double south, double west, double north, double east)
      : south_(south), west_(west), north_(north), east_(east) {}
  double south_, west_, north_, east_;
};

class Polygon {
 public:
  static Result<Polygon> make(std::span<const Place> corners);
  Band band() const { return band_; }
  void judge(std::span<const Place> places, bool* held) const;

 private:
  // From its western end to its eastern one, which has the lower longitude across the date line.
  struct Edge {
    Place west;
    Place east;
    double south;
    double north;

    bool spans(double longitude) const;  // the western end included
    bool ends_at(Place place) const;
    double latitude_at(double longitude) const;
  };
  explicit Polygon(std::span<const Place> corners);
  bool holds(Place place) const;

  std::vector<Edge> edges_;
  Band band_;
  bool looks_south_ = false;  // which way the edges between a place and the pole are counted
};

}  // namespace nearsight
