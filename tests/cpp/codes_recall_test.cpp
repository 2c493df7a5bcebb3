// What a search promises, where rows lie otherwise than the model of lists has them.
#include "coded_rows.h"

namespace nearsight::test {
namespace {

constexpr uint32_t kDim = 256;
constexpr size_t kRows = 6000;
constexpr size_t kCopies = 12;  // of a picture: as many as are looked for, and the one asked with

// Pictures that are spread widely in few kinds, each there in several copies that differ in few
// things: all of a list's rows are far from its centroid, and a copy's neighbours lie its way.
class Copies final : public Rows {
 public:
  Copies() : Rows(kRows, kDim, 4, 3) {
    std::mt19937 random(4);
    const Rows originals(kRows, kDim, 4, 3);
    for (size_t row = 0; row < kRows; ++row) {
      const float far = 1.2f * static_cast<float>(row % kCopies + 1) / kCopies;
      const std::vector<float> change = normal_numbers(kDim, random);
      float squares = 0;
      for (size_t i = 0; i < kDim; ++i) {
        const float original = originals.row(row / kCopies)[i];
        number_at(row, i) = original + far * change[i] / 16;
        squares += number_at(row, i) * number_at(row, i);
      }
      for (size_t i = 0; i < kDim; ++i) number_at(row, i) /= std::sqrt(squares);
    }
  }
};

struct Kept {
  double found, expected;
};

// On average over rows that are asked for their neighbours, other than themselves.
Kept kept(const Codes& codes, const Rows& rows, float recall, const RowMask* allowed = nullptr) {
  const auto mask = codes.mask(allowed != nullptr ? *allowed : RowMask(0)).value();
  Kept kept = {0, 0};
  size_t asked = 0;
  for (size_t i = 5; i < rows.size(); i += 29, ++asked) {
    CodesQuestion question{rows.row(i), 11, recall, allowed != nullptr ? &mask : nullptr};
    const auto answer = codes.search(question);
    REQUIRE_MESSAGE(answer.is_ok(), answer.status().message());
    const std::set<RowId> best = rows.best(rows.row(i), 11, allowed);
    size_t found = 0;
    for (const ScoredRow& row : answer.value().rows) found += best.count(row.id);
    kept.found += static_cast<double>(found) / static_cast<double>(best.size());
    kept.expected += answer.value().recall;
  }
  return {kept.found / static_cast<double>(asked), kept.expected / static_cast<double>(asked)};
}

TEST_CASE("near-copies in wide lists are found as often as promised") {
  const Copies rows;
  const auto codes = built(rows, kDim, nullptr);
  RowMask half(Rows::id(kRows) - Rows::id(0));
  for (size_t i = 0; i < kRows; i += 2) half.set(Rows::id(i) - Rows::id(0));
  for (const float recall : {0.9f, 0.95f, 0.99f, 0.999f}) {
    CAPTURE(recall);
    for (const RowMask* const allowed : std::vector<const RowMask*>{nullptr, &half}) {
      const Kept now = kept(*codes, rows, recall, allowed);
      CHECK(now.found >= recall - 0.015);
      CHECK(now.expected <= now.found + 0.015);
      CHECK(now.expected >= recall - 1e-4);
    }
  }
}

}  // namespace
}  // namespace nearsight::test
