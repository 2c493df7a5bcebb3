#include "build.h"

#include <algorithm>
#include <numeric>

namespace nearsight {
namespace {

using Document = Documents::Document;
using Fact = Documents::Fact;

// The sections of a part that is being built.
struct Sections {
  std::vector<uint64_t> docs, owners, rows;
  std::vector<uint32_t> owner_of, row_of;
  std::vector<End> columns, keys;
  std::vector<char> column_bytes, key_bytes;
  std::vector<uint32_t> postings;

  Counts counts() const {
    return {docs.size(),         owners.size(), rows.size(),      columns.size(),
            column_bytes.size(), keys.size(),   key_bytes.size(), postings.size()};
  }
};

// Where each document will stand: document i at the returned [i].
std::vector<uint32_t> places_of(std::span<const Document> documents, std::vector<uint32_t>& order) {
  order.resize(documents.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return documents[a].doc < documents[b].doc; });
  std::vector<uint32_t> places(documents.size());
  for (uint32_t i = 0; i < order.size(); ++i) places[order[i]] = i;
  return places;
}

// The values that get() gives of each document in its place, as a table and numbers in the table.
template <class Get>
void tabulate(std::span<const Document> documents, std::span<const uint32_t> order, Get get,
              std::vector<uint64_t>& table, std::vector<uint32_t>& numbers) {
  for (const Document& document : documents) table.push_back(get(document));
  std::sort(table.begin(), table.end());
  table.erase(std::unique(table.begin(), table.end()), table.end());
  for (const uint32_t i : order) {
    const auto found = std::lower_bound(table.begin(), table.end(), get(documents[i]));
    numbers.push_back(static_cast<uint32_t>(found - table.begin()));
  }
}

// Facts by column, key and place, each once; `column` and `document` become their places.
std::vector<Fact> sorted_facts(const Documents& documents, std::span<const uint32_t> places,
                               std::span<const uint32_t> columns) {
  std::vector<uint32_t> rank(columns.size());
  for (uint32_t i = 0; i < columns.size(); ++i) rank[columns[i]] = i;
  std::vector<Fact> facts(documents.facts().begin(), documents.facts().end());
  for (Fact& fact : facts) {
    fact.column = rank[fact.column];
    fact.document = places[fact.document];
  }
  const auto compare = [&](const Fact& a, const Fact& b) {
    if (a.column != b.column) return a.column < b.column ? -1 : 1;
    if (a.head != b.head) return a.head < b.head ? -1 : 1;
    return documents.key(a).compare(documents.key(b));
  };
  std::sort(facts.begin(), facts.end(), [&](const Fact& a, const Fact& b) {
    const int order = compare(a, b);
    return order != 0 ? order < 0 : a.document < b.document;
  });
  const auto is_same = [&](const Fact& a, const Fact& b) {
    return a.document == b.document && compare(a, b) == 0;
  };
  facts.erase(std::unique(facts.begin(), facts.end(), is_same), facts.end());
  return facts;
}

void add_facts(const Documents& documents, std::span<const Fact> facts,
               std::span<const uint32_t> columns, Sections& out) {
  for (size_t i = 0; i < facts.size(); ++i) {
    const std::string_view key = documents.key(facts[i]);
    const bool is_new_column = i == 0 || facts[i].column != facts[i - 1].column;
    if (is_new_column) {
      const std::string& name = documents.columns()[columns[facts[i].column]];
      out.column_bytes.insert(out.column_bytes.end(), name.begin(), name.end());
      out.columns.push_back({out.column_bytes.size(), 0});
    }
    if (is_new_column || key != documents.key(facts[i - 1])) {
      out.key_bytes.insert(out.key_bytes.end(), key.begin(), key.end());
      out.keys.push_back({out.key_bytes.size(), 0});
    }
    out.postings.push_back(facts[i].document);
    out.keys.back().items = out.postings.size();
    out.columns.back().items = out.keys.size();
  }
}

Status put_sections(const Sections& sections, DataWriter& out) {
  Status status = put_section(out, sections.docs);
  if (status.is_ok()) status = put_section(out, sections.owners);
  if (status.is_ok()) status = put_section(out, sections.rows);
  if (status.is_ok()) status = put_section(out, sections.owner_of);
  if (status.is_ok()) status = put_section(out, sections.row_of);
  if (status.is_ok()) status = put_section(out, sections.columns);
  if (status.is_ok()) status = put_section(out, sections.column_bytes);
  if (status.is_ok()) status = put_section(out, sections.keys);
  if (status.is_ok()) status = put_section(out, sections.key_bytes);
  if (status.is_ok()) status = put_section(out, sections.postings);
  return status;
}

}  // namespace

Result<std::shared_ptr<const ColumnPart>> build_part(const Documents& from) {
  const std::span<const Document> documents = from.documents();
  if (documents.size() > kMaxDocs) {
    return Status::invalid_argument(std::to_string(documents.size()) +
                                    " documents are too many to put at once");
  }
  Sections sections;
  std::vector<uint32_t> order;
  const std::vector<uint32_t> places = places_of(documents, order);
  for (const uint32_t i : order) {
    if (!sections.docs.empty() && sections.docs.back() == documents[i].doc) {
      return Status::invalid_argument("document " + std::to_string(documents[i].doc) +
                                      " is put twice at once");
    }
    sections.docs.push_back(documents[i].doc);
  }
  tabulate(
      documents, order, [](const Document& d) { return d.owner; }, sections.owners,
      sections.owner_of);
  tabulate(
      documents, order, [](const Document& d) { return d.row; }, sections.rows, sections.row_of);
  std::vector<uint32_t> columns(from.columns().size());
  std::iota(columns.begin(), columns.end(), 0u);
  std::sort(columns.begin(), columns.end(),
            [&](uint32_t a, uint32_t b) { return from.columns()[a] < from.columns()[b]; });
  add_facts(from, sorted_facts(from, places, columns), columns, sections);

  MemoryWriter out(ColumnsLayout(sections.counts()).size);
  if (Status status = put_sections(sections, out); !status.is_ok()) return status;
  return std::shared_ptr<const ColumnPart>(
      std::make_shared<ColumnPart>(sections.counts(), out.take()));
}

}  // namespace nearsight
