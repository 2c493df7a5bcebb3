// What Python hands in, copied and checked: the only place that knows dtypes and shapes.
//
// Everything raises ValueError (TypeError for what is no array of numbers at all) and names `what`.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <string>
#include <vector>

#include "nearsight/types.h"

namespace nearsight {

struct Matrix {
  std::vector<float> numbers;  // row-major
  size_t rows;
  size_t columns;
};

std::vector<float> floats_1d(const pybind11::object& array, const char* what);
Matrix floats_2d(const pybind11::object& array, const char* what);
std::vector<uint16_t> halves(const pybind11::object& array);  // REQUIRES dtype float16
bool is_float16(const pybind11::object& array);

std::vector<RowId> ids_1d(const pybind11::object& array, const char* what);

// A count of rows; what does not fit is as good as the largest.
size_t count_of(const pybind11::int_& number, const char* what);
uint64_t unsigned_of(const pybind11::int_& number, const char* what);

TruthId truth_of(const pybind11::bytes& bytes);

// The bytes that the operating system calls the path (os.fsencode).
std::string path_of(const pybind11::str& path);

template <class T>
pybind11::array_t<T> array_of(const std::vector<T>& values) {
  return pybind11::array_t<T>(static_cast<pybind11::ssize_t>(values.size()), values.data());
}

}  // namespace nearsight
