#include "calibration.h"

#include <algorithm>
#include <cmath>

namespace nearsight {
namespace {

// Between two breadths, what they find and cost is taken to lie on a line.
Effort on_curve(const Curve& curve, float recall) {
  for (size_t i = 0; i < kBreadthCount; ++i) {
    if (!(curve.recall[i] >= recall)) continue;
    const auto upper = static_cast<float>(kBreadths[i]);
    if (i == 0 || !(curve.recall[i] > curve.recall[i - 1]))
      return {kBreadths[i], curve.recall[i], curve.scored[i]};
    const auto lower = static_cast<float>(kBreadths[i - 1]);
    const float gained = curve.recall[i] - curve.recall[i - 1];
    const float share = std::clamp((recall - curve.recall[i - 1]) / gained, 0.0f, 1.0f);
    return {static_cast<size_t>(std::ceil(lower + share * (upper - lower))),
            curve.recall[i - 1] + share * gained,
            curve.scored[i - 1] + share * (curve.scored[i] - curve.scored[i - 1])};
  }
  return {0, 0, 0};
}

}  // namespace

// Between the two k that were measured, breadth grows with the logarithm; above, with k.
Effort effort_for(const Calibration& calibration, QueryKind kind, size_t k, float recall) {
  const Effort few = on_curve(calibration.curves[kind][0], recall);
  if (k <= kCalibratedFor[0]) return few;
  const Effort many = on_curve(calibration.curves[kind][1], recall);
  if (few.breadth == 0 || many.breadth == 0) return {0, 0, 0};
  const auto wanted = static_cast<float>(k);
  const float low = kCalibratedFor[0], high = kCalibratedFor[1];
  const float over = std::max(1.0f, wanted / high);
  const float share = std::min(1.0f, std::log(wanted / low) / std::log(high / low));
  const auto between = [&](float a, float b) { return a + share * (std::max(a, b) - a); };
  const float breadth =
      between(static_cast<float>(few.breadth), static_cast<float>(many.breadth)) * over;
  return {std::max(k, static_cast<size_t>(std::ceil(breadth))), std::min(few.recall, many.recall),
          between(few.scored, many.scored) * over};
}

}  // namespace nearsight
