#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "arrays.h"
#include "bind.h"
#include "errors.h"
#include "nearsight/index.h"

namespace py = pybind11;

namespace nearsight {
namespace {

constexpr std::string_view kSketchedName = "f32+i8";  // f32 with a sketch

Element element_named(const std::string& name) {
  if (name == "f32") return Element::kF32;
  if (name == "f16") return Element::kF16;
  if (name == "i8") return Element::kI8;
  if (name == kSketchedName) return Element::kF32;
  throw py::value_error("a field's element is 'f32', 'f32+i8', 'f16' or 'i8', not '" + name + "'");
}

Metric metric_named(const std::string& name) {
  if (name == "cosine") return Metric::kCosine;
  if (name == "dot") return Metric::kDot;
  throw py::value_error("a field's metric is 'cosine' or 'dot', not '" + name + "'");
}

std::vector<Field> fields_of(const py::sequence& tuples) {
  std::vector<Field> fields;
  for (const py::handle item : tuples) {
    const auto field = py::reinterpret_borrow<py::sequence>(item);
    if (!py::isinstance<py::sequence>(item) || field.size() != 4) {
      throw py::value_error("a field is a tuple (name, dim, element, metric)");
    }
    const size_t dim = std::min<size_t>(count_of(field[1].cast<py::int_>(), "dim"), UINT32_MAX);
    fields.push_back({field[0].cast<std::string>(), static_cast<uint32_t>(dim),
                      element_named(field[2].cast<std::string>()),
                      metric_named(field[3].cast<std::string>()),
                      field[2].cast<std::string>() == kSketchedName});
  }
  return fields;
}

std::unique_ptr<Index> open(const py::str& directory, const py::bytes& truth_bytes,
                            const py::sequence& field_tuples, bool read_only) {
  const std::string path = path_of(directory);
  const TruthId truth = truth_of(truth_bytes);
  const std::vector<Field> fields = fields_of(field_tuples);
  const Access access = read_only ? Access::kReadOnly : Access::kReadWrite;
  return value_or_raise(without_gil([&] { return Index::open(path, truth, fields, access); }));
}

py::array_t<bool> accepts(const Index& self, const std::string& field, const py::object& array) {
  const Matrix rows = floats_2d(array, "rows");
  const std::vector<bool> taken =
      value_or_raise(without_gil([&] { return self.accepts(field, rows.numbers, rows.rows); }));
  py::array_t<bool> answer(static_cast<py::ssize_t>(taken.size()));
  std::copy(taken.begin(), taken.end(), answer.mutable_data());
  return answer;
}

// One matrix for each field, of one row for each id. The core sees how many numbers there are,
// which would be as many for rows of another length.
std::vector<Matrix> matrices_of(const py::sequence& arrays, size_t rows) {
  std::vector<Matrix> matrices;
  for (const py::handle array : arrays) {
    matrices.push_back(floats_2d(py::reinterpret_borrow<py::object>(array), "vectors"));
    if (matrices.back().rows == rows) continue;
    throw py::value_error("vectors has " + std::to_string(matrices.back().rows) + " rows for " +
                          std::to_string(rows) + " ids");
  }
  return matrices;
}

void append(Index& self, const py::object& id_array, const py::sequence& arrays) {
  const std::vector<RowId> ids = ids_1d(id_array, "ids");
  const std::vector<Matrix> matrices = matrices_of(arrays, ids.size());
  const std::vector<std::span<const float>> vectors = [&] {
    std::vector<std::span<const float>> spans;
    for (const Matrix& matrix : matrices) spans.emplace_back(matrix.numbers);
    return spans;
  }();
  raise_unless_ok(without_gil([&] { return self.append(ids, vectors); }));
}

void erase(Index& self, const py::object& array) {
  const std::vector<RowId> ids = ids_1d(array, "ids");
  raise_unless_ok(without_gil([&] { return self.erase(ids); }));
}

void commit(Index& self, const py::int_& generation) {
  const uint64_t number = unsigned_of(generation, "generation");
  raise_unless_ok(without_gil([&] { return self.commit(number); }));
}

void seal(Index& self) {
  raise_unless_ok(without_gil([&] { return self.seal(); }));
}

std::shared_ptr<Snapshot> snapshot(const Index& self) {
  return std::const_pointer_cast<Snapshot>(self.snapshot());  // only const methods are bound
}

}  // namespace

void bind_index(py::module_& module) {
  py::class_<Index>(module, "Index", py::is_final(),
                    "Rows of vectors, cached on disk, derived from the truth.")
      .def_static("open", open, "Opens or makes the cache in a directory ('' for memory only).",
                  py::arg("directory"), py::arg("truth"), py::arg("fields"),
                  py::arg("read_only") = false)
      .def_property_readonly("generation", &Index::generation, "Of the last commit.")
      .def_property_readonly("last_id", &Index::last_id, "The highest id ever appended, or 0.")
      .def_property_readonly("dropped_because", &Index::dropped_because,
                             "Why a cache was set aside at opening; empty if none was.")
      .def("accepts", accepts, "Which rows append would take.", py::arg("field"), py::arg("rows"))
      .def("append", append, "Adds rows, unseen until commit.", py::arg("ids"), py::arg("vectors"))
      .def("erase", erase, "Forgets rows, unseen until commit.", py::arg("ids"))
      .def("commit", commit, "Publishes what came since the last commit.", py::arg("generation"))
      .def("seal", seal, "Writes everything that was committed to the cache's files.")
      .def("snapshot", snapshot, "What the last commit published.");
}

}  // namespace nearsight
