// What is found with sketches is what is found without them: the same rows, the same bits of each
// score. Rows are chosen to be hard to tell apart, or hard to put in bytes.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "model.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

constexpr size_t kRows = 5000;  // enough that sketches are looked at

std::vector<Field> fields_of(uint32_t dim, bool has_sketch) {
  return {{"picture", dim, Element::kF32, Metric::kCosine, has_sketch},
          {"labels", 20, Element::kF16, Metric::kDot}};
}

// The same rows with and without sketches: some saved, some not, some erased.
struct Twins {
  Scratch scratch;
  uint32_t dim;
  std::mt19937 random{7};
  std::unique_ptr<Index> sketched, plain;

  Twins(uint32_t wanted, std::vector<float> pictures, bool is_saved = true) : dim(wanted) {
    const size_t rows = pictures.size() / dim;
    std::vector<float> labels(rows * 20);
    std::uniform_real_distribution<float> uniform;
    for (float& label : labels) label = uniform(random);
    sketched = open_index(is_saved ? scratch.path() : "", fields_of(dim, true));
    plain = open_index("", fields_of(dim, false));
    for (Index* const index : {sketched.get(), plain.get()}) {
      fill(*index, pictures, labels, 0, rows * 3 / 5);
      REQUIRE(index->seal().is_ok());
      fill(*index, pictures, labels, rows * 3 / 5, rows);
    }
  }

  void fill(Index& index, std::span<const float> pictures, std::span<const float> labels,
            size_t begin, size_t end) const {
    std::vector<RowId> ids, gone;
    for (size_t row = begin; row < end; ++row) {
      ids.push_back(row + 1);
      if (row % 41 == 7) gone.push_back(row + 1);
    }
    const std::span<const float> vectors[] = {pictures.subspan(begin * dim, (end - begin) * dim),
                                              labels.subspan(begin * 20, (end - begin) * 20)};
    REQUIRE(index.append(ids, vectors).is_ok());
    REQUIRE(index.erase(gone).is_ok());
    REQUIRE(index.commit(index.generation() + 1).is_ok());
  }

  Term picture(float weight = 1, Curve curve = Curve::kLinear) {
    return {"picture", random_vector(dim, random), weight, curve};
  }
  Term labels(float weight = 1, Curve curve = Curve::kLinear) {
    Term term{"labels", random_vector(20, random), weight, curve};
    for (float& number : term.query) number = std::abs(number);
    return term;
  }

  void check(std::span<const Rank> ranks, size_t k, size_t offset = 0, size_t percent = 100) {
    std::vector<RowId> ids;
    for (const RowId id : ids_of(*plain)) {
      if (random() % 100 < percent) ids.push_back(id);
    }
    const RowMask theirs = plain->snapshot()->mask_of(ids).value();
    const RowMask ours = sketched->snapshot()->mask_of(ids).value();
    const bool is_all = percent == 100;
    const auto expected =
        plain->snapshot()->search(ranks, k, offset, is_all ? nullptr : &theirs).value();
    for (const size_t threads : {1u, 3u}) {
      auto found =
          sketched->snapshot()->search(ranks, k, offset, is_all ? nullptr : &ours, threads);
      REQUIRE_MESSAGE(found.is_ok(), found.status().message());
      REQUIRE(found.value().size() == expected.size());
      for (size_t i = 0; i < expected.size(); ++i) {
        REQUIRE(found.value()[i].id == expected[i].id);
        REQUIRE(found.value()[i].score == expected[i].score);
      }
    }
  }

  void check_all(const Term& term) {
    for (const size_t percent : {100u, 80u, 50u, 45u}) check(only(term), 10, 0, percent);
    check(only(term), 1);
    check(only(term), 50, 100);
    check({{Rank{{term}, -1}}}, 10);
  }
};

std::vector<float> random_rows(size_t rows, uint32_t dim, std::mt19937& random) {
  return random_vector(rows * dim, random);
}

TEST_CASE("random rows of any length") {
  std::mt19937 random(1);
  for (const uint32_t dim : {1u, 16u, 41u, 127u, 128u, 512u}) {
    CAPTURE(dim);
    Twins twins(dim, random_rows(kRows, dim, random));
    for (int turn = 0; turn < 3; ++turn) twins.check_all(twins.picture());
  }
  Twins long_rows(4096, random_rows(2300, 4096, random));
  long_rows.check(only(long_rows.picture()), 10);
}

TEST_CASE("rows that differ in the sixth digit") {
  std::mt19937 random(2);
  for (const uint32_t dim : {64u, 128u, 512u}) {
    const std::vector<float> centre = random_vector(dim, random);
    std::vector<float> rows = random_rows(kRows, dim, random);
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = centre[i % dim] + 1e-6f * rows[i];
    for (size_t i = 0; i < kRows / 2 * dim; ++i) rows[i] = -centre[i % dim];  // so that few contend
    Twins twins(dim, std::move(rows));
    twins.check_all({"picture", centre});
    twins.check_all(twins.picture());
  }
}

// What bytes leave out is many times what tells these rows apart: a search that believed sketches
// without their slip would find others.
TEST_CASE("rows around a few centres, where the best differ by less than their sketches") {
  std::mt19937 random(3);
  for (const float spread : {1e-4f, 1e-3f, 1e-2f, 1e-1f}) {
    CAPTURE(spread);
    const std::vector<float> centres = random_rows(50, 128, random);
    std::vector<float> rows = random_rows(kRows, 128, random);
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i] = centres[i / 128 % 50 * 128 + i % 128] + spread * rows[i];
    }
    Twins twins(128, rows);
    for (int turn = 0; turn < 10; ++turn) {
      const auto row = rows.begin() + static_cast<ptrdiff_t>(random() % kRows * 128);
      twins.check_all({"picture", std::vector<float>(row, row + 128)});
    }
  }
}

TEST_CASE("rows that are all the same, and a hundred thousand duplicates") {
  std::mt19937 random(4);
  std::vector<float> rows;
  const std::vector<float> one = random_vector(64, random);
  for (size_t i = 0; i < 100'000; ++i) rows.insert(rows.end(), one.begin(), one.end());
  const std::vector<float> others = random_rows(3000, 64, random);
  rows.insert(rows.end(), others.begin(), others.end());
  Twins twins(64, rows, false);
  twins.check_all({"picture", one});
  twins.check_all(twins.picture());
  rows.resize(kRows * 64);
  Twins same(64, rows);
  same.check_all({"picture", one});
}

TEST_CASE("rows that bytes fit badly: one number alone, and one above all others") {
  std::mt19937 random(5);
  std::vector<float> lone(kRows * 128), outlying = random_rows(kRows, 128, random);
  for (size_t row = 0; row < kRows; ++row) {
    lone[row * 128 + row % 128] = row % 3 == 0 ? -1.0f : 1.0f;
    outlying[row * 128 + row % 5] = 1e4f;
    if (row % 7 == 0) outlying[row * 128 + 1] = 1e-38f;
  }
  for (auto& rows : {lone, outlying}) {
    Twins twins(128, rows);
    for (int turn = 0; turn < 3; ++turn) twins.check_all(twins.picture());
    Term term = twins.picture();
    for (size_t i = 0; i < 128; ++i) term.query[i] = i == 3 ? 1.0f : i < 5 ? 0.0f : 1e-6f;
    twins.check_all(term);
    for (size_t i = 4; i < 128; ++i)
      term.query[i] = 0;  // less of the rows is read than of sketches
    twins.check_all(term);
  }
}

TEST_CASE("several terms and ranks, weights of both signs, logarithms and squashes") {
  std::mt19937 random(6);
  Twins twins(128, random_rows(kRows, 128, random));
  for (int turn = 0; turn < 6; ++turn) {
    const Rank mixed{{twins.picture(), twins.picture(-0.7f), twins.labels(0.01f)}};
    const Rank logs{{twins.picture(0.5f, Curve::kLog), twins.labels(0.1f, Curve::kLog)}};
    const Rank head{{twins.picture(8), twins.labels(0.3f), twins.labels(0.2f, Curve::kLog)},
                    -0.5,
                    Squash::kSigmoid,
                    -3};
    const Rank power{{twins.picture(-3)}, 0.2, Squash::kExp, 1};
    for (const auto& ranks :
         {std::vector{mixed}, std::vector{logs}, std::vector{head}, std::vector{mixed, head},
          std::vector{head, logs, power}, std::vector{Rank{{twins.picture()}, 0}, power}}) {
      twins.check(ranks, 10);
      twins.check(ranks, 30, 5, 60);
    }
  }
}

TEST_CASE("weights beyond what sums can hold") {
  std::mt19937 random(8);
  Twins twins(64, random_rows(kRows, 64, random));
  const Rank huge{{twins.picture(3e38f), twins.picture(-3e38f)}, 1e300};
  const Rank other{{twins.picture(3e38f)}, -1e300, Squash::kExp};
  twins.check({{huge}}, 10);
  twins.check({{huge, other}}, 10);
  twins.check({{other, Rank{{twins.picture()}}}}, 10);
}

TEST_CASE("sketches outlive saving, merging and opening again") {
  std::mt19937 random(9);
  const std::vector<float> rows = random_rows(kRows, 96, random);
  Twins twins(96, rows);
  for (int turn = 0; turn < 2; ++turn) {
    REQUIRE(twins.sketched->seal().is_ok());
    twins.check_all(twins.picture());
    twins.sketched = open_index(twins.scratch.path(), fields_of(96, true));
    REQUIRE(twins.sketched->dropped_because().empty());
    REQUIRE(twins.sketched->snapshot()->verify().is_ok());
    twins.check_all(twins.picture());
  }
}

TEST_CASE("a damaged sketch is never answered from") {
  std::mt19937 random(10);
  Twins twins(512, random_rows(kRows, 512, random));
  REQUIRE(twins.sketched->seal().is_ok());
  std::vector<std::string> names = twins.scratch.names();
  std::erase_if(names, [](const std::string& name) { return !name.starts_with("rows-"); });
  REQUIRE(names.size() == 1);
  const std::string path = twins.scratch.file(names[0]), good = read_file(path);
  const size_t rows = twins.sketched->snapshot()->size();
  const auto paged = [](size_t bytes) { return (bytes + 4095) / 4096 * 4096; };
  const size_t sketches = 4096 + paged(rows * 8) + paged(rows * 2048);
  for (const size_t row : {size_t{0}, rows / 2, rows - 1}) {
    for (const size_t at : {0u, 300u, 512u, 519u}) {  // numbers, slip, scale
      CAPTURE(row);
      std::string bad = good;
      const size_t place = sketches + row * 520 + at;
      bad.at(place) = static_cast<char>(bad[place] ^ 1);
      write_file(path, bad);
      const auto index = open_index(twins.scratch.path(), fields_of(512, true));
      const auto found = index->snapshot()->search(only(twins.picture()), 10);
      REQUIRE_FALSE(found.is_ok());
      CHECK(found.status().code() == StatusCode::kCorruption);
      CHECK_FALSE(index->snapshot()->verify().is_ok());
    }
  }
  write_file(path, good);
  twins.sketched = open_index(twins.scratch.path(), fields_of(512, true));
  twins.check_all(twins.picture());
}

TEST_CASE("files without sketches are files of other fields") {
  Scratch scratch;
  std::mt19937 random(11);
  const auto before = open_index(scratch.path(), fields_of(64, false));
  REQUIRE(append(*before, 1, random_vectors(fields_of(64, false), random)).is_ok());
  REQUIRE(before->commit(1).is_ok());
  REQUIRE(before->seal().is_ok());
  const auto index = open_index(scratch.path(), fields_of(64, true));
  CHECK(index->dropped_because().find("other vector fields") != std::string::npos);
  CHECK(index->snapshot()->size() == 0);
}

TEST_CASE("only f32 rows of cosines have sketches") {
  for (const Field& field : {Field{"picture", 64, Element::kF32, Metric::kDot, true},
                             Field{"picture", 64, Element::kF16, Metric::kCosine, true},
                             Field{"picture", 64, Element::kI8, Metric::kCosine, true}}) {
    const auto index = Index::open("", kTruth, {field});
    REQUIRE_FALSE(index.is_ok());
    CHECK(index.status().message().find("sketches") != std::string_view::npos);
  }
}

}  // namespace
}  // namespace nearsight::test
