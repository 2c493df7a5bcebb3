#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "arrays.h"
#include "bind.h"
#include "errors.h"
#include "nearsight/vectors.h"

namespace py = pybind11;

namespace nearsight {
namespace {

using Chosen = std::shared_ptr<Choice>;

Element element_named(const std::string& name) {
  if (name == "f32") return Element::kF32;
  if (name == "f16") return Element::kF16;
  throw py::value_error("dtype is 'f32' or 'f16', not '" + name + "'");
}

Finding finding_named(const std::string& name) {
  if (name == "codes") return Finding::kCodes;
  if (name == "hnsw") return Finding::kGraph;
  throw py::value_error("index is 'codes' or 'hnsw', not '" + name + "'");
}

std::string path_of(const py::str& path) {
  PyObject* bytes = nullptr;
  if (PyUnicode_FSConverter(path.ptr(), &bytes) == 0) throw py::error_already_set();
  return py::reinterpret_steal<py::bytes>(bytes);
}

std::unique_ptr<Vectors> create(const py::str& directory, const py::int_& dim,
                                const std::string& dtype, const std::string& index) {
  const std::string path = path_of(directory);
  const size_t wanted = std::min<size_t>(count_of(dim, "dim"), UINT32_MAX);
  const Element element = element_named(dtype);
  const Finding finding = finding_named(index);
  return value_or_raise(without_gil(
      [&] { return Vectors::create(path, static_cast<uint32_t>(wanted), element, finding); }));
}

std::unique_ptr<Vectors> open(const py::str& directory, bool read_only) {
  const std::string path = path_of(directory);
  const Access access = read_only ? Access::kReadOnly : Access::kDurable;
  return value_or_raise(without_gil([&] { return Vectors::open(path, access); }));
}

// One matrix, of one row for each id.
Matrix rows_of(const Vectors& self, const py::object& array, size_t rows) {
  Matrix matrix = floats_2d(array, "vectors");
  if (matrix.columns != self.dim() && matrix.rows > 0) {
    throw py::value_error("vectors have " + std::to_string(matrix.columns) +
                          " numbers each, the index has dim " + std::to_string(self.dim()));
  }
  if (matrix.rows == rows) return matrix;
  throw py::value_error(std::to_string(rows) + " ids for " + std::to_string(matrix.rows) +
                        " vectors");
}

template <Status (Vectors::*kChange)(std::span<const Key>, std::span<const float>)>
void change(Vectors& self, const py::object& id_array, const py::object& array) {
  const std::vector<Key> keys = ids_1d(id_array, "ids");
  const Matrix matrix = rows_of(self, array, keys.size());
  raise_unless_ok(without_gil([&] { return (self.*kChange)(keys, matrix.numbers); }));
}

void remove(Vectors& self, const py::object& array) {
  const std::vector<Key> keys = ids_1d(array, "ids");
  raise_unless_ok(without_gil([&] { return self.remove(keys); }));
}

py::array_t<float> read(const Vectors& self, const py::object& array) {
  const std::vector<Key> keys = ids_1d(array, "ids");
  const std::vector<float> numbers = value_or_raise(without_gil([&] { return self.read(keys); }));
  py::array_t<float> rows(std::vector<size_t>{keys.size(), self.dim()});
  std::copy(numbers.begin(), numbers.end(), rows.mutable_data());
  return rows;
}

py::array_t<bool> has(const Vectors& self, const py::object& array) {
  const std::vector<Key> keys = ids_1d(array, "ids");
  const std::vector<bool> there = value_or_raise(without_gil([&] { return self.has(keys); }));
  py::array_t<bool> answer(static_cast<py::ssize_t>(there.size()));
  std::copy(there.begin(), there.end(), answer.mutable_data());
  return answer;
}

Chosen choose_ids(const Vectors& self, const py::object& array) {
  const std::vector<Key> keys = ids_1d(array, "allow");
  return std::const_pointer_cast<Choice>(
      value_or_raise(without_gil([&] { return self.choose(keys); })));
}

Chosen choose_flags(const Vectors& self, const py::array_t<bool>& array) {
  const std::vector<bool> flags(array.data(), array.data() + array.size());
  return std::const_pointer_cast<Choice>(
      value_or_raise(without_gil([&] { return self.choose(flags); })));
}

// The common case, one row or many of f32 as they are, costs no more than its copy.
Matrix queries_of(const py::object& array) {
  if (!py::isinstance<py::array_t<float, py::array::c_style>>(array))
    return floats_2d(array, "queries");
  const auto numbers = py::reinterpret_borrow<py::array_t<float, py::array::c_style>>(array);
  if (numbers.ndim() != 2) return floats_2d(array, "queries");
  return {std::vector<float>(numbers.data(), numbers.data() + numbers.size()),
          static_cast<size_t>(numbers.shape(0)), static_cast<size_t>(numbers.shape(1))};
}

py::tuple search(const Vectors& self, const py::object& array, const py::int_& k, float recall,
                 bool exact, const Chosen& allowed, const py::int_& threads) {
  const Matrix queries = queries_of(array);
  if (queries.columns != self.dim()) {
    throw py::value_error("queries have " + std::to_string(queries.columns) +
                          " numbers each, the index has dim " + std::to_string(self.dim()));
  }
  const VectorQuestion question{queries.numbers, count_of(k, "k"), recall,
                                exact,           allowed,          count_of(threads, "threads")};
  const VectorAnswer answer = value_or_raise(without_gil([&] { return self.search(question); }));
  const std::vector<size_t> shape = {queries.rows, answer.columns};
  py::array_t<Key> keys(shape);
  py::array_t<float> scores(shape);
  std::copy(answer.keys.begin(), answer.keys.end(), keys.mutable_data());
  std::copy(answer.scores.begin(), answer.scores.end(), scores.mutable_data());
  return py::make_tuple(std::move(keys), std::move(scores), answer.is_exact, answer.recall);
}

template <Status (Vectors::*kCall)() const>
void call(const Vectors& self) {
  raise_unless_ok(without_gil([&] { return (self.*kCall)(); }));
}

void flush(Vectors& self) {
  raise_unless_ok(without_gil([&] { return self.flush(); }));
}

py::array_t<Key> keys(const Vectors& self) {
  return array_of(value_or_raise(without_gil([&] { return self.keys(); })));
}

void start(const Vectors& self, const py::int_& threads, bool retrain) {
  raise_unless_ok(self.start_optimizing(count_of(threads, "threads"), retrain));
}

bool wait(const Vectors& self, double seconds) {
  return without_gil([&] { return self.wait(seconds); });
}

}  // namespace

void bind_vectors(py::module_& module) {
  py::class_<Choice, Chosen>(module, "Choice", py::is_final(), "Which vectors may be found.")
      .def("count", &Choice::count, "How many there were when it was made.");
  py::class_<Vectors>(module, "Vectors", py::is_final(), "Vectors under ids, searched by cosine.")
      .def_static("create", create, "Makes an index in an empty directory ('': in memory).",
                  py::arg("directory"), py::arg("dim"), py::arg("dtype"), py::arg("index"))
      .def_static("open", open, "Opens one that create made.", py::arg("directory"),
                  py::arg("read_only"))
      .def_property_readonly("dim", &Vectors::dim)
      .def_property_readonly(
          "dtype",
          [](const Vectors& self) { return self.element() == Element::kF32 ? "f32" : "f16"; })
      .def_property_readonly(
          "index",
          [](const Vectors& self) { return self.finding() == Finding::kCodes ? "codes" : "hnsw"; })
      .def_property_readonly("coded", &Vectors::coded)
      .def_property_readonly("optimized", &Vectors::optimized)
      .def_property_readonly("was_cancelled", &Vectors::was_cancelled)
      .def("__len__", &Vectors::size)
      .def("ids", keys, "In the order in which their vectors came.")
      .def("read", read, "The unit vectors of these ids.", py::arg("ids"))
      .def("has", has, "Which of these ids are there.", py::arg("ids"))
      .def("add", change<&Vectors::add>, "Adds vectors.", py::arg("ids"), py::arg("vectors"))
      .def("update", change<&Vectors::update>, "Replaces vectors.", py::arg("ids"),
           py::arg("vectors"))
      .def("remove", remove, "Removes vectors.", py::arg("ids"))
      .def("choose_ids", choose_ids, "A choice by ids.", py::arg("ids"))
      .def("choose_flags", choose_flags, "A choice by a flag for each id.", py::arg("flags"))
      .def("search", search, "Ids, cosines, whether exact, expected recall.", py::arg("queries"),
           py::arg("k"), py::arg("recall"), py::arg("exact"), py::arg("allow"), py::arg("threads"))
      .def("flush", flush, "Writes what was changed.")
      .def("verify", call<&Vectors::verify>, "Checks every block of every file.")
      .def("start_optimizing", start, "Has the rows coded in the background.", py::arg("threads"),
           py::arg("retrain"))
      .def("wait", wait, "Waits for that; tells whether it is over.", py::arg("seconds"))
      .def("cancel", &Vectors::cancel, "Has it stop.")
      .def("raise_outcome", call<&Vectors::outcome>, "Raises what the last run failed of.");
}

}  // namespace nearsight
