// A slow, plain model of columns: a map of documents whose facts are looked through one by one.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "nearsight/columns.h"

namespace nearsight::test {

struct Known {
  OwnerId owner;
  RowId row;
  std::vector<std::pair<std::string, Value>> facts;
};
using ColumnsModel = std::map<DocId, Known>;

inline const TruthId kColumnsTruth = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
inline const std::vector<std::string> kPaths = {"day", "day/hour", "name", "size", "place"};

inline int any(int limit, std::mt19937& random) {
  return static_cast<int>(random() % static_cast<uint32_t>(limit));
}

inline Value random_value(std::mt19937& random) {
  switch (any(6, random)) {
    case 0:
      return null_value();
    case 1:
      return bool_value(random() % 2 == 0);
    case 2:
      return whole_value(int64_t{any(20, random)} - 10);
    case 3:
      return float_value(any(40, random) / 2.0 - 10).value();
    case 4:
      return text_value(std::string(random() % 12, static_cast<char>('a' + random() % 3)));
    default:
      return point_value(any(181, random) - 90.0, any(361, random) - 180.0).value();
  }
}

inline Known random_known(std::mt19937& random) {
  Known known{random() % 40, random() % 40, {}};
  for (int i = any(6, random); i > 0; --i) {
    known.facts.emplace_back(kPaths[random() % kPaths.size()], random_value(random));
  }
  return known;
}

inline Status put(Columns& columns, const ColumnsModel& documents) {
  Documents batch;
  for (const auto& [doc, known] : documents) {
    batch.begin(doc, known.owner, known.row);
    for (const auto& [path, value] : known.facts) REQUIRE(batch.say(path, value).is_ok());
  }
  return columns.put(batch);
}

inline std::unique_ptr<Columns> open_columns(const std::string& path,
                                             const TruthId& truth = kColumnsTruth) {
  auto columns = Columns::open(path, truth);
  REQUIRE_MESSAGE(columns.is_ok(), columns.status().message());
  return std::move(columns.value());
}

// Puts up to 20 documents and erases some.
inline void change(Columns& columns, ColumnsModel& model, std::mt19937& random) {
  ColumnsModel coming;
  for (int i = any(20, random); i > 0; --i) coming[random() % 300] = random_known(random);
  REQUIRE(put(columns, coming).is_ok());
  for (const auto& [doc, known] : coming) model[doc] = known;
  std::vector<DocId> gone;
  for (int i = any(8, random); i > 0; --i) gone.push_back(random() % 300);
  REQUIRE(columns.erase(gone).is_ok());
  for (const DocId doc : gone) model.erase(doc);
}

template <class Holds>
std::vector<DocId> docs_with(const ColumnsModel& model, Holds holds) {
  std::vector<DocId> docs;
  for (const auto& [doc, known] : model) {
    bool has = false;
    for (const auto& [path, value] : known.facts) has = has || holds(path, value);
    if (has) docs.push_back(doc);
  }
  return docs;
}

inline std::vector<DocId> docs_in(const ColumnsSnapshot& now, const Result<DocSet>& found) {
  REQUIRE_MESSAGE(found.is_ok(), found.status().message());
  auto docs = now.docs(found.value());
  REQUIRE(docs.is_ok());
  REQUIRE(docs.value().size() == found.value().count());
  return docs.value();
}

// What equal, between, exists, family and rows tell is what the model says.
inline void check_same(const Columns& columns, const ColumnsModel& model, std::mt19937& random) {
  const ColumnsSnapshot now = columns.snapshot();
  REQUIRE(now.size() == model.size());
  std::vector<DocId> all;
  for (const auto& [doc, known] : model) all.push_back(doc);
  REQUIRE(docs_in(now, now.all()) == all);
  for (const std::string& path : kPaths) {
    const Value value = random_value(random);
    const auto same = [&](const std::string& p, const Value& v) {
      return p == path && v.kind == value.kind && v.key == value.key;
    };
    const Result<DocSet> found = now.equal(path, value);
    REQUIRE(docs_in(now, found) == docs_with(model, same));
    const Value low = whole_value(int64_t{any(20, random)} - 10);
    const auto above = [&](const std::string& p, const Value& v) {
      return p == path && v.kind == Kind::kNumber && v.key >= low.key;
    };
    REQUIRE(docs_in(now, now.between(path, Bound{low}, {})) == docs_with(model, above));
    const auto begins = [&](const std::string& p, const Value&) { return p.starts_with(path); };
    REQUIRE(docs_in(now, now.exists(path, true)) == docs_with(model, begins));

    std::set<OwnerId> owners;
    std::set<RowId> rows;
    for (const DocId doc : docs_with(model, same)) {
      owners.insert(model.at(doc).owner);
      if (model.at(doc).row != 0) rows.insert(model.at(doc).row);
    }
    std::vector<DocId> family;
    for (const auto& [doc, known] : model) {
      if (owners.contains(known.owner)) family.push_back(doc);
    }
    REQUIRE(docs_in(now, now.family(found.value())) == family);
    REQUIRE(now.rows(found.value()).value() == std::vector<RowId>(rows.begin(), rows.end()));
    REQUIRE(now.count_owners(found.value()).value() == owners.size());
    std::set<RowId> visited;
    REQUIRE(now.visit_rows(found.value(),
                           [&](std::span<const RowId> some) {
                             REQUIRE(std::is_sorted(some.begin(), some.end()));
                             visited.insert(some.begin(), some.end());
                           })
                .is_ok());
    visited.erase(0);
    REQUIRE(visited == rows);
  }
}

}  // namespace nearsight::test
