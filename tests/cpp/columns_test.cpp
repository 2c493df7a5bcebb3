// Columns answer as the model does, in memory and reopened; values are ordered exactly.
#include <cfloat>
#include <cmath>
#include <limits>

#include "columns_model.h"
#include "scratch.h"

namespace nearsight::test {
namespace {

Value number(double value) { return float_value(value).value(); }

TEST_CASE("whole numbers and floats are ordered exactly, beyond 2^53 too") {
  const double huge = 9007199254740992.0;  // 2^53
  const std::vector<Value> ascending = {number(-INFINITY),
                                        beside(-DBL_MAX, -1),
                                        number(-DBL_MAX),
                                        whole_value(std::numeric_limits<int64_t>::min()),
                                        whole_value(int64_t{-9007199254740993}),
                                        number(-huge),
                                        number(-0.5),
                                        number(0.0),
                                        number(DBL_TRUE_MIN),
                                        whole_value(int64_t{1}),
                                        number(huge),
                                        whole_value(uint64_t{9007199254740993}),
                                        number(huge + 2),
                                        whole_value(uint64_t{9223372036854775807u}),
                                        number(0x1p63),
                                        whole_value(uint64_t{9223372036854775809u}),
                                        whole_value(std::numeric_limits<uint64_t>::max()),
                                        number(0x1p64),
                                        beside(0x1p64, 1),
                                        number(DBL_MAX),
                                        beside(DBL_MAX, 1),
                                        number(INFINITY)};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      CAPTURE(i);
      CAPTURE(j);
      CHECK((ascending[i].key < ascending[j].key) == (i < j));
    }
  }
  CHECK(number(-0.0).key == whole_value(int64_t{0}).key);
  CHECK(number(huge).key == whole_value(uint64_t{1} << 53).key);
  CHECK(number(0x1p63).key == whole_value(uint64_t{1} << 63).key);
  CHECK_FALSE(float_value(NAN).is_ok());
}

TEST_CASE("a point's key gives the point back, and its beginning is its latitude's") {
  for (const Place place : {Place{90, -180}, Place{-90, 180}, Place{0, 0}, Place{-1e-300, 47.25}}) {
    const Value value = point_value(place.latitude, place.longitude).value();
    CHECK(place_of(value.key.data()).latitude == place.latitude);
    CHECK(place_of(value.key.data()).longitude == place.longitude);
    CHECK(value.key.starts_with(latitude_key(place.latitude)));
  }
  CHECK_FALSE(point_value(90.5, 0).is_ok());
  CHECK_FALSE(point_value(0, 181).is_ok());
  CHECK_FALSE(point_value(NAN, 0).is_ok());
}

TEST_CASE("random histories are answered as the model answers them") {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const Scratch scratch;
    ColumnsModel model;
    auto columns = open_columns(scratch.path());
    for (uint64_t generation = 1; generation <= 25; ++generation) {
      change(*columns, model, random);
      REQUIRE(columns->commit(generation).is_ok());
      check_same(*columns, model, random);
      if (random() % 3 == 0) REQUIRE(columns->seal().is_ok());
      if (random() % 5 != 0) continue;
      REQUIRE(columns->seal().is_ok());
      columns = open_columns(scratch.path());
      REQUIRE(columns->dropped_because() == "");
      REQUIRE(columns->generation() == generation);
    }
    check_same(*columns, model, random);
  }
}

TEST_CASE("what was not committed is not seen, and a snapshot never changes") {
  std::mt19937 random(1);
  ColumnsModel model;
  const auto columns = open_columns("");
  change(*columns, model, random);
  CHECK(columns->snapshot().size() == 0);
  CHECK(columns->seal().code() == StatusCode::kInvalidArgument);
  REQUIRE(columns->commit(1).is_ok());
  const ColumnsSnapshot before = columns->snapshot();
  const std::vector<DocId> docs = docs_in(before, before.all());
  REQUIRE(columns->erase(docs).is_ok());
  REQUIRE(columns->commit(2).is_ok());
  CHECK(columns->snapshot().size() == 0);
  CHECK(docs_in(before, before.all()) == docs);
  CHECK(columns->commit(1).code() == StatusCode::kInvalidArgument);
}

TEST_CASE("a put that is refused changes nothing") {
  const auto columns = open_columns("");
  REQUIRE(put(*columns, {{7, {1, 1, {{"name", text_value("old")}}}}}).is_ok());
  REQUIRE(columns->commit(1).is_ok());
  Documents twice;
  for (int i = 0; i < 2; ++i) twice.begin(7, 1, 1);
  const Status status = columns->put(twice);
  CHECK(status.message() == "document 7 is put twice at once");
  REQUIRE(columns->commit(2).is_ok());
  CHECK(columns->snapshot().equal("name", text_value("old")).value().count() == 1);
  Documents zero;
  zero.begin(8, 1, 1);
  CHECK_FALSE(zero.say(std::string("a\0b", 3), null_value()).is_ok());
}

TEST_CASE("sets of two snapshots do not mix") {
  const auto columns = open_columns("");
  REQUIRE(put(*columns, {{1, {1, 1, {}}}}).is_ok());
  REQUIRE(columns->commit(1).is_ok());
  const ColumnsSnapshot before = columns->snapshot();
  const DocSet old = before.all().value();
  CHECK(old.both(columns->snapshot().all().value()).is_ok());  // the same commit
  REQUIRE(put(*columns, {{2, {1, 1, {}}}}).is_ok());
  REQUIRE(columns->commit(2).is_ok());
  const ColumnsSnapshot now = columns->snapshot();
  CHECK(old.both(now.all().value()).status().code() == StatusCode::kInvalidArgument);
  CHECK_FALSE(old.either(now.all().value()).is_ok());
  CHECK_FALSE(now.family(old).is_ok());
  CHECK_FALSE(now.invert(old).is_ok());
  CHECK_FALSE(now.docs(old).is_ok());
  CHECK_FALSE(now.rows(old).is_ok());
  CHECK_FALSE(now.owners(old).is_ok());
  CHECK_FALSE(now.count_owners(old).is_ok());
  CHECK_FALSE(now.visit_rows(old, [](std::span<const RowId>) {}).is_ok());
}

TEST_CASE("fresh facts go to disk once there are many, and nothing is lost on the way") {
  const Scratch scratch;
  const auto columns = open_columns(scratch.path());
  const std::string text(3000, 'x');
  const DocId docs = Columns::kSpillBytes / text.size() + 100;
  for (DocId doc = 1; doc <= docs; ++doc) {
    const Value value = text_value(text + std::to_string(doc));
    REQUIRE(put(*columns, {{doc, {doc, doc, {{"name", value}}}}}).is_ok());
    if (doc % 500 == 0 || doc == docs) REQUIRE(columns->commit(doc).is_ok());
  }
  CHECK(std::filesystem::exists(scratch.file("columns")));
  CHECK(columns->snapshot().exists("name", false).value().count() == docs);
  CHECK(columns->snapshot().equal("name", text_value(text + "17")).value().count() == 1);
}

}  // namespace
}  // namespace nearsight::test
