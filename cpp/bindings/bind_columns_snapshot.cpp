#include <optional>
#include <string>
#include <vector>

#include "arrays.h"
#include "bind.h"
#include "errors.h"
#include "nearsight/columns.h"
#include "values.h"

namespace py = pybind11;

namespace nearsight {
namespace {

// One call of the core without the GIL.
template <class Ask>
auto asked(Ask ask) {
  return value_or_raise(without_gil(ask));
}

DocSet equal(const ColumnsSnapshot& self, const py::str& path_text, const py::object& wanted) {
  const std::string path = utf8_of(path_text, "the path");
  const Value value = value_asked(wanted);
  return asked([&] { return self.equal(path, value); });
}

std::optional<Bound> bound_of(const py::object& value, bool is_open) {
  if (value.is_none()) return std::nullopt;
  return Bound{value_asked(value), is_open};
}

DocSet between(const ColumnsSnapshot& self, const py::str& path_text, const py::object& low_value,
               const py::object& high_value, bool low_open, bool high_open) {
  const std::string path = utf8_of(path_text, "the path");
  const std::optional<Bound> low = bound_of(low_value, low_open);
  const std::optional<Bound> high = bound_of(high_value, high_open);
  return asked([&] { return self.between(path, low, high); });
}

DocSet exists(const ColumnsSnapshot& self, const py::str& path_text, bool prefix) {
  const std::string path = utf8_of(path_text, "the path");
  return asked([&] { return self.exists(path, prefix); });
}

DocSet within(const ColumnsSnapshot& self, const py::str& path_text, double latitude,
              double longitude, double km) {
  const std::string path = utf8_of(path_text, "the path");
  return asked([&] { return self.within(path, {latitude, longitude}, km); });
}

DocSet box(const ColumnsSnapshot& self, const py::str& path_text, double south, double west,
           double north, double east) {
  const std::string path = utf8_of(path_text, "the path");
  return asked([&] { return self.box(path, south, west, north, east); });
}

DocSet polygon(const ColumnsSnapshot& self, const py::str& path_text, const py::sequence& points) {
  const std::string path = utf8_of(path_text, "the path");
  std::vector<Place> corners;
  for (const py::handle point : points) {
    const auto [latitude, longitude] = pair_of(point, "a corner");
    corners.push_back({latitude, longitude});
  }
  return asked([&] { return self.polygon(path, corners); });
}

template <Result<DocSet> (ColumnsSnapshot::*Of)(std::span<const uint64_t>) const>
DocSet of(const ColumnsSnapshot& self, const py::object& array) {
  const std::vector<uint64_t> ids = ids_1d(array, "ids");
  return asked([&] { return (self.*Of)(ids); });
}

template <Result<DocSet> (ColumnsSnapshot::*Turn)(const DocSet&) const>
DocSet turned(const ColumnsSnapshot& self, const DocSet& docs) {
  return asked([&] { return (self.*Turn)(docs); });
}

template <Result<std::vector<uint64_t>> (ColumnsSnapshot::*Ids)(const DocSet&) const>
py::array_t<uint64_t> ids(const ColumnsSnapshot& self, const DocSet& docs) {
  return array_of(asked([&] { return (self.*Ids)(docs); }));
}

void bind_doc_set(py::module_& module) {
  py::class_<DocSet>(module, "DocSet", py::is_final(),
                     "Which documents of one snapshot; made by that snapshot.")
      .def("count", &DocSet::count, "The number of documents.")
      .def(
          "has",
          [](const DocSet& self, const py::int_& doc) {
            return value_or_raise(self.has(unsigned_of(doc, "doc")));
          },
          "Is this document in the set?", py::arg("doc"))
      .def(
          "__and__",
          [](const DocSet& self, const DocSet& other) { return value_or_raise(self.both(other)); },
          py::is_operator(), py::arg("other"))
      .def(
          "__or__",
          [](const DocSet& self, const DocSet& other) {
            return value_or_raise(self.either(other));
          },
          py::is_operator(), py::arg("other"));
}

void bind_questions(py::class_<ColumnsSnapshot>& snapshot) {
  snapshot
      .def("equal", equal, "The documents with this value on this path.", py::arg("path"),
           py::arg("value"))
      .def("between", between, "Those with a number or a text between the bounds.", py::arg("path"),
           py::arg("low"), py::arg("high"), py::arg("low_open") = false,
           py::arg("high_open") = false)
      .def("exists", exists, "Those with any value on this path.", py::arg("path"),
           py::arg("prefix") = false)
      .def("within", within, "Those with a point at most `km` from this one.", py::arg("path"),
           py::arg("latitude"), py::arg("longitude"), py::arg("km"))
      .def("box", box, "Those with a point in the box.", py::arg("path"), py::arg("south"),
           py::arg("west"), py::arg("north"), py::arg("east"))
      .def("polygon", polygon, "Those with a point in the polygon.", py::arg("path"),
           py::arg("corners"));
}

}  // namespace

void bind_columns_snapshot(py::module_& module) {
  bind_doc_set(module);
  py::class_<ColumnsSnapshot> snapshot(module, "ColumnsSnapshot", py::is_final(),
                                       "What one commit published; never changes.");
  snapshot
      .def_property_readonly("generation", &ColumnsSnapshot::generation, "The truth's generation.")
      .def("__len__", &ColumnsSnapshot::size)
      .def(
          "all", [](const ColumnsSnapshot& self) { return value_or_raise(self.all()); },
          "Every live document.")
      .def("of_docs", of<&ColumnsSnapshot::of_docs>, "These documents.", py::arg("docs"))
      .def("of_rows", of<&ColumnsSnapshot::of_rows>, "Those that these rows stand for.",
           py::arg("rows"))
      .def("of_owners", of<&ColumnsSnapshot::of_owners>, "Those of these owners.",
           py::arg("owners"))
      .def("family", turned<&ColumnsSnapshot::family>,
           "Those whose owner has a document in the set.", py::arg("docs"))
      .def("invert", turned<&ColumnsSnapshot::invert>, "Those that the set leaves out.",
           py::arg("docs"))
      .def("docs", ids<&ColumnsSnapshot::docs>, "The ids of the documents.", py::arg("docs"))
      .def("rows", ids<&ColumnsSnapshot::rows>, "The rows that stand for them.", py::arg("docs"))
      .def("owners", ids<&ColumnsSnapshot::owners>, "Their owners.", py::arg("docs"))
      .def(
          "count_owners",
          [](const ColumnsSnapshot& self, const DocSet& docs) {
            return asked([&] { return self.count_owners(docs); });
          },
          "How many owners they have.", py::arg("docs"))
      .def(
          "verify",
          [](const ColumnsSnapshot& self) {
            raise_unless_ok(without_gil([&] { return self.verify(); }));
          },
          "Checks every block of every cache file.");
  bind_questions(snapshot);
}

}  // namespace nearsight
