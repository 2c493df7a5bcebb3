#include "errors.h"

#include "bind.h"

namespace py = pybind11;

namespace nearsight {
namespace {

PyObject* corruption_error = nullptr;  // lives as long as the interpreter

PyObject* exception_of(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      break;
    case StatusCode::kInvalidArgument:
    case StatusCode::kUnsupported:  // a kernel that this CPU lacks, named by the user
      return PyExc_ValueError;
    case StatusCode::kCorruption:
      return corruption_error;
    case StatusCode::kIoError:
      return PyExc_OSError;
    case StatusCode::kOutOfMemory:
      return PyExc_MemoryError;
  }
  return PyExc_SystemError;
}

}  // namespace

void raise_unless_ok(const Status& status) {
  if (status.is_ok()) return;
  // A message may hold a path, and a path may hold bytes that are not UTF-8.
  const std::string_view message = status.message();
  const auto text = py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(
      message.data(), static_cast<Py_ssize_t>(message.size()), "backslashreplace"));
  if (text) PyErr_SetObject(exception_of(status.code()), text.ptr());
  throw py::error_already_set();
}

void bind_errors(py::module_& module) {
  corruption_error = PyErr_NewExceptionWithDoc(
      "nearsight._core.CorruptionError",
      "A cache file is damaged: drop the cache and rebuild it from the truth.", nullptr, nullptr);
  if (corruption_error == nullptr) throw py::error_already_set();
  module.add_object("CorruptionError", py::reinterpret_borrow<py::object>(corruption_error));
}

}  // namespace nearsight
