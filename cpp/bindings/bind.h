// One function per bound class, in the order in which they need each other.
#pragma once

#include <pybind11/pybind11.h>

namespace nearsight {

void bind_errors(pybind11::module_& module);
void bind_kernels(pybind11::module_& module);
void bind_row_mask(pybind11::module_& module);
void bind_snapshot(pybind11::module_& module);
void bind_index(pybind11::module_& module);
void bind_columns_snapshot(pybind11::module_& module);
void bind_columns(pybind11::module_& module);
void bind_vectors(pybind11::module_& module);

}  // namespace nearsight
