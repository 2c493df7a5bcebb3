// The one place where a Status becomes a Python exception.
#pragma once

#include <pybind11/pybind11.h>

#include <utility>

#include "nearsight/status.h"

namespace nearsight {

// Raises what the Status says; returns if it is ok. REQUIRES the GIL.
void raise_unless_ok(const Status& status);

// Runs a call of the core without the GIL and raises what it says. Its inputs must be copies:
// another thread may change any Python object meanwhile.
template <class Call>
auto without_gil(Call call) {
  pybind11::gil_scoped_release release;
  return call();
}

template <class T>
T value_or_raise(Result<T> result) {
  raise_unless_ok(result.status());
  return std::move(result.value());
}

}  // namespace nearsight
