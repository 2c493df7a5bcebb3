// How much a breadth finds: measured once, when the graph is built, on queries whose answer is
// known.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearsight {

// How many rows a search keeps while it walks (hnswlib's ef), in steps of about 1.4.
inline constexpr uint32_t kBreadths[] = {10,  14,  20,  28,  40,  56,   80,   112,  160,
                                         224, 320, 448, 640, 896, 1280, 1792, 2560, 3584};
inline constexpr size_t kBreadthCount = sizeof kBreadths / sizeof *kBreadths;

// For queries of one kind and one k. Breadths that were not tried have recall 0.
struct Curve {
  float recall[kBreadthCount];  // found at kBreadths[i], on average
  float scored[kBreadthCount];  // rows that were scored for it
};

// Queries like the rows are rows that were not yet linked. Queries unlike them, as texts are beside
// pictures, are weak copies of these: shifted all alike, with noise.
enum QueryKind : size_t { kLike, kUnlike, kQueryKinds };
inline constexpr size_t kCalibratedFor[] = {10, 100};  // k

struct Calibration {
  Curve curves[kQueryKinds][2];  // by kind and kCalibratedFor
  float alike;  // a query whose best score is below is unlike the rows: 95 % of the others reach it
};

// What a search does to reach a recall.
struct Effort {
  size_t breadth;  // 0: no breadth is known to reach it
  float recall;    // expected
  float scored;    // rows, if all are allowed
};
Effort effort_for(const Calibration& calibration, QueryKind kind, size_t k, float recall);

}  // namespace nearsight
