#include <algorithm>
#include <string>
#include <vector>

#include "arrays.h"
#include "bind.h"
#include "errors.h"
#include "nearsight/kernels.h"

namespace py = pybind11;

namespace nearsight {
namespace {

std::string kernel() { return value_or_raise(chosen_kernels())->name; }

py::list available() {
  py::list names;
  for (const Kernels* kernels : available_kernels()) names.append(kernels->name);
  return names;
}

// How many of a row's numbers are scored: `dim`, or all that the query has.
size_t scored_dim(const py::object& dim, size_t query, size_t columns) {
  const size_t wanted = dim.is_none() ? query : count_of(dim.cast<py::int_>(), "dim");
  if (wanted <= query && wanted <= columns) return wanted;
  throw py::value_error("dim is " + std::to_string(wanted) + ", but the query has " +
                        std::to_string(query) + " numbers and a row " + std::to_string(columns));
}

// The first `dim` numbers of each row, with zeros up to what kernels need.
template <class Number>
std::vector<Number> padded(const std::vector<Number>& numbers, size_t columns, size_t dim,
                           size_t width) {
  const size_t rows = columns == 0 ? 0 : numbers.size() / columns;
  std::vector<Number> wide(rows * width);
  for (size_t i = 0; i < rows; ++i) {
    std::copy_n(numbers.begin() + static_cast<ptrdiff_t>(i * columns), dim,
                wide.begin() + static_cast<ptrdiff_t>(i * width));
  }
  return wide;
}

py::array_t<float> score_rows(const std::string& name, const py::object& query_array,
                              const py::object& rows_array, const py::object& dim_or_none) {
  const Kernels* const kernels = value_or_raise(kernels_named(name));
  const std::vector<float> numbers = floats_1d(query_array, "query");
  const bool is_half = is_float16(rows_array);
  const Matrix rows = floats_2d(rows_array, "rows");
  const size_t dim = scored_dim(dim_or_none, numbers.size(), rows.columns);
  const size_t width = (dim + kDimStep - 1) / kDimStep * kDimStep;
  const std::vector<float> query = padded(numbers, numbers.size(), dim, width);
  std::vector<float> scores(rows.rows);
  const auto score = [&](auto kernel, const auto& all) {
    const auto wide = padded(all, rows.columns, dim, width);
    without_gil([&] {
      kernel(query.data(), 1, wide.data(), nullptr, rows.rows, width, width, scores.data());
    });
  };
  if (is_half) {
    score(kernels->score.f16, halves(rows_array));
  } else {
    score(kernels->score.f32, rows.numbers);
  }
  return array_of(scores);
}

uint32_t crc32c(const std::string& name, const py::bytes& data) {
  const Kernels* const kernels = value_or_raise(kernels_named(name));
  const std::string bytes = data;
  return without_gil([&] { return kernels->crc32c(0, bytes.data(), bytes.size()); });
}

}  // namespace

void bind_kernels(py::module_& module) {
  module.def("kernel", kernel, "The kernel that searches use.");
  module.def("available_kernels", available, "The kernels that this CPU can run, scalar first.");
  module.def("score_rows", score_rows, "Dot products of the query with each row, by one kernel.",
             py::arg("kernel"), py::arg("query"), py::arg("rows"), py::arg("dim") = py::none());
  module.def("crc32c", crc32c, "CRC-32C of the bytes, by one kernel.", py::arg("kernel"),
             py::arg("data"));
}

}  // namespace nearsight
