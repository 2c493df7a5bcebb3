// The one place where a Status becomes a Python exception.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>
#include <utility>

#include "nearsight/status.h"

namespace nearsight {

// Has the interpreter begun to end? Needs no GIL.
inline bool is_ending() {
#if PY_VERSION_HEX >= 0x030d0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

// Raises what the Status says; returns if it is ok. REQUIRES the GIL.
void raise_unless_ok(const Status& status);

// Gives the GIL away while it lives. Python before 3.14 unwinds a daemon thread that asks for it
// when the interpreter has ended: out of a destructor that may throw nothing, as pybind11's own is,
// that is std::terminate. Where the end has been seen the thread sleeps instead, until the process
// is gone.
class WithoutGil {
 public:
  WithoutGil() : thread_(PyEval_SaveThread()) {}
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;
  ~WithoutGil() noexcept(false) {
    while (is_ending()) std::this_thread::sleep_for(std::chrono::hours(1));
    PyEval_RestoreThread(thread_);
  }

 private:
  PyThreadState* thread_;
};

// Runs a call of the core without the GIL and gives what it says. Its inputs must be copies:
// another thread may change any Python object meanwhile.
template <class Call>
auto without_gil(Call call) {
  const WithoutGil without;
  return call();
}

template <class T>
T value_or_raise(Result<T> result) {
  raise_unless_ok(result.status());
  return std::move(result.value());
}

}  // namespace nearsight
