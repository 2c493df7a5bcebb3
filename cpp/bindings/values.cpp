#include "values.h"

#include <cmath>
#include <limits>
#include <optional>

#include "errors.h"

namespace py = pybind11;

namespace nearsight {
namespace {

std::string type_name(const py::handle& value) { return Py_TYPE(value.ptr())->tp_name; }

std::optional<std::string_view> view_of(const py::handle& text) {
  Py_ssize_t size = 0;
  const char* const bytes = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  if (bytes != nullptr) return std::string_view(bytes, static_cast<size_t>(size));
  PyErr_Clear();
  return std::nullopt;
}

// A whole number that 64 bits hold.
std::optional<Value> small_whole(const py::handle& number) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow == 0) return whole_value(int64_t{value});
  if (overflow < 0) return std::nullopt;
  const unsigned long long large = PyLong_AsUnsignedLongLong(number.ptr());
  if (PyErr_Occurred() == nullptr) return whole_value(uint64_t{large});
  PyErr_Clear();
  return std::nullopt;
}

// One that 64 bits don't hold, for comparing with: it lies on a double or beside one.
Value large_whole(const py::handle& number) {
  const bool is_negative = py::reinterpret_borrow<py::object>(number) < py::int_(0);
  double nearest = PyLong_AsDouble(number.ptr());
  if (PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    nearest = (is_negative ? -1 : 1) * std::numeric_limits<double>::max();
  }
  const auto whole = py::reinterpret_borrow<py::object>(number);
  const py::float_ near(nearest);
  return beside(nearest, whole < near ? -1 : whole > near ? 1 : 0);
}

Result<Value> point_of(const py::handle& value) {
  double numbers[2];
  if (PySequence_Size(value.ptr()) != 2) {
    PyErr_Clear();
    return Status::invalid_argument("a point is a pair (latitude, longitude) in degrees");
  }
  for (Py_ssize_t i = 0; i < 2; ++i) {
    const auto item = py::reinterpret_steal<py::object>(PySequence_GetItem(value.ptr(), i));
    numbers[i] = item ? PyFloat_AsDouble(item.ptr()) : 0;
    if (PyErr_Occurred() == nullptr) continue;
    PyErr_Clear();
    return Status::invalid_argument("a point is a pair (latitude, longitude) in degrees");
  }
  return point_value(numbers[0], numbers[1]);
}

Result<Value> value_of(const py::handle& value) {
  PyObject* const object = value.ptr();
  if (object == Py_None) return null_value();
  if (PyBool_Check(object)) return bool_value(object == Py_True);
  if (PyFloat_Check(object)) return float_value(PyFloat_AS_DOUBLE(object));
  if (PyUnicode_Check(object)) {
    const auto text = view_of(value);
    if (text) return text_value(*text);
    return Status::invalid_argument("the text holds half a surrogate pair, which is no UTF-8");
  }
  if (PyLong_Check(object)) {
    const auto whole = small_whole(value);
    if (whole) return *whole;
    return Status::invalid_argument(std::string(py::str(value)) + " does not fit in 64 bits");
  }
  if (PyTuple_Check(object) || PyList_Check(object)) return point_of(value);
  return Status::invalid_argument(
      "a value is None, a bool, a number, a text or a pair (latitude, "
      "longitude), not a " +
      type_name(value));
}

// A ValueError, whose message may hold any character, NUL included.
void refuse(DocId doc, const std::string& why) {
  raise_unless_ok(Status::invalid_argument("document " + std::to_string(doc) + ": " + why));
}

void say_fact(Documents& documents, DocId doc, const py::handle& fact) {
  if (!PyTuple_Check(fact.ptr()) || PyTuple_GET_SIZE(fact.ptr()) != 2 ||
      !PyUnicode_Check(PyTuple_GET_ITEM(fact.ptr(), 0))) {
    return refuse(doc, "a fact is a tuple (path, value), not " + std::string(py::repr(fact)));
  }
  const auto path = view_of(PyTuple_GET_ITEM(fact.ptr(), 0));
  if (!path) return refuse(doc, "a path holds half a surrogate pair, which is no UTF-8");
  const Result<Value> value = value_of(PyTuple_GET_ITEM(fact.ptr(), 1));
  const Status status = value.is_ok() ? documents.say(*path, value.value()) : value.status();
  if (status.is_ok()) return;
  refuse(doc, "fact '" + std::string(*path) + "': " + std::string(status.message()));
}

}  // namespace

Value value_asked(const py::handle& value) {
  const bool is_whole = PyLong_Check(value.ptr()) && !PyBool_Check(value.ptr());
  if (is_whole && !small_whole(value)) return large_whole(value);
  const Result<Value> found = value_of(value);
  if (found.is_ok()) return found.value();
  throw py::value_error(std::string(found.status().message()));
}

std::string utf8_of(const py::handle& text, const char* what) {
  const auto view = view_of(text);
  if (view) return std::string(*view);
  throw py::value_error(std::string(what) + " holds half a surrogate pair, which is no UTF-8");
}

std::pair<double, double> pair_of(const py::handle& value, const char* what) {
  const auto point = py::reinterpret_borrow<py::sequence>(value);
  if (!py::isinstance<py::sequence>(value) || point.size() != 2) {
    throw py::value_error(std::string(what) + " is a pair (latitude, longitude) in degrees");
  }
  return {point[0].cast<double>(), point[1].cast<double>()};
}

Documents documents_of(const std::vector<DocId>& docs, const std::vector<OwnerId>& owners,
                       const std::vector<RowId>& rows, const py::sequence& facts) {
  if (owners.size() != docs.size() || rows.size() != docs.size() || facts.size() != docs.size()) {
    throw py::value_error("there are " + std::to_string(docs.size()) + " docs, " +
                          std::to_string(owners.size()) + " owners, " +
                          std::to_string(rows.size()) + " rows and " +
                          std::to_string(facts.size()) + " lists of facts: give one of each");
  }
  Documents documents;
  for (size_t i = 0; i < docs.size(); ++i) {
    documents.begin(docs[i], owners[i], rows[i]);
    const auto list = py::reinterpret_steal<py::object>(PySequence_Fast(
        py::object(facts[i]).ptr(), "facts are a sequence of sequences of tuples (path, value)"));
    if (!list) throw py::error_already_set();
    for (Py_ssize_t f = 0; f < PySequence_Fast_GET_SIZE(list.ptr()); ++f) {
      // Held: a value's own code could take it out of its list.
      const auto fact = py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(list.ptr(), f));
      say_fact(documents, docs[i], fact);
    }
  }
  return documents;
}

}  // namespace nearsight
