#include "arrays.h"

#include <algorithm>
#include <limits>

namespace py = pybind11;

namespace nearsight {
namespace {

template <class T>
using Contiguous = py::array_t<T, py::array::c_style | py::array::forcecast>;

std::string shape_text(const py::array& array) { return py::str(array.attr("shape")); }

// Any array-like with a numeric dtype of the given kinds (numpy's letters) and dimensions.
py::array checked(const py::object& from, const char* kinds, py::ssize_t dimensions,
                  const char* what) {
  const py::array array = py::array::ensure(from);
  if (!array) throw py::type_error(std::string(what) + " is not an array of numbers");
  const bool is_numeric = std::string(kinds).find(array.dtype().kind()) != std::string::npos;
  if (!is_numeric && array.size() > 0) {
    throw py::type_error(std::string(what) + " has dtype " + std::string(py::str(array.dtype())) +
                         ", which cannot be used here");
  }
  if (array.ndim() != dimensions) {
    throw py::value_error(std::string(what) + " needs " + std::to_string(dimensions) +
                          " dimension(s), not the shape " + shape_text(array));
  }
  return array;
}

template <class T>
std::vector<T> copied(const py::array& array, const char* what) {
  const auto contiguous = Contiguous<T>::ensure(array);
  if (!contiguous) throw py::value_error(std::string(what) + " cannot be converted");
  return std::vector<T>(contiguous.data(), contiguous.data() + contiguous.size());
}

bool is_native(const py::array& array, const char* letter) {
  return array.dtype().attr("str").cast<std::string>() == letter;
}

// float32 as it is, everything else through double: a number that is too large becomes infinite
// without numpy's warning, and is then refused at the index's door like any other.
std::vector<float> floats(const py::array& array, const char* what) {
  if (is_native(array, "<f4")) return copied<float>(array, what);
  const std::vector<double> wide = copied<double>(array, what);
  std::vector<float> narrow(wide.size());
  std::transform(wide.begin(), wide.end(), narrow.begin(),
                 [](double number) { return static_cast<float>(number); });
  return narrow;
}

constexpr const char* kNumbers = "fiu";
constexpr const char* kIntegers = "iu";

}  // namespace

std::vector<float> floats_1d(const py::object& from, const char* what) {
  return floats(checked(from, kNumbers, 1, what), what);
}

Matrix floats_2d(const py::object& from, const char* what) {
  const py::array array = checked(from, kNumbers, 2, what);
  return {floats(array, what), static_cast<size_t>(array.shape(0)),
          static_cast<size_t>(array.shape(1))};
}

bool is_float16(const py::object& from) {
  return py::isinstance<py::array>(from) && is_native(py::array(from), "<f2");
}

std::vector<uint16_t> halves(const py::object& from) {
  return copied<uint16_t>(py::array(from.attr("view")("uint16")), "rows");
}

std::vector<RowId> ids_1d(const py::object& from, const char* what) {
  const py::array array = checked(from, kIntegers, 1, what);
  if (array.dtype().kind() != 'i') return copied<RowId>(array, what);
  const std::vector<int64_t> ids = copied<int64_t>(array, what);
  if (std::any_of(ids.begin(), ids.end(), [](int64_t id) { return id < 0; })) {
    throw py::value_error(std::string(what) + " has a negative number; ids are positive");
  }
  return std::vector<RowId>(ids.begin(), ids.end());
}

size_t count_of(const py::int_& number, const char* what) {
  if (number.attr("__lt__")(0).cast<bool>()) {
    throw py::value_error(std::string(what) + " is " + std::string(py::str(number)) +
                          "; it cannot be negative");
  }
  constexpr size_t kLargest = std::numeric_limits<py::ssize_t>::max();
  return number.attr("__gt__")(kLargest).cast<bool>() ? kLargest : number.cast<size_t>();
}

uint64_t unsigned_of(const py::int_& number, const char* what) {
  const uint64_t value = PyLong_AsUnsignedLongLong(number.ptr());
  if (PyErr_Occurred() == nullptr) return value;
  PyErr_Clear();
  throw py::value_error(std::string(what) + " is " + std::string(py::str(number)) +
                        "; it must fit in 64 bits and not be negative");
}

TruthId truth_of(const py::bytes& bytes) {
  const std::string text = bytes;
  TruthId truth;
  if (text.size() != truth.size()) {
    throw py::value_error("truth needs " + std::to_string(truth.size()) + " bytes, not " +
                          std::to_string(text.size()));
  }
  std::copy(text.begin(), text.end(), truth.begin());
  return truth;
}

std::string path_of(const py::str& path) {
  PyObject* bytes = nullptr;
  if (PyUnicode_FSConverter(path.ptr(), &bytes) == 0) throw py::error_already_set();
  return py::reinterpret_steal<py::bytes>(bytes);
}

}  // namespace nearsight
