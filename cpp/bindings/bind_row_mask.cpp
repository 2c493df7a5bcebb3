#include "bind.h"
#include "nearsight/row_mask.h"

namespace py = pybind11;

namespace nearsight {
namespace {

void require_same_snapshot(const RowMask& a, const RowMask& b) {
  if (a.snapshot() == b.snapshot() && a.size() == b.size()) return;
  throw py::value_error("these masks were made from different snapshots: make both from one");
}

}  // namespace

void bind_row_mask(py::module_& module) {
  py::class_<RowMask>(module, "RowMask", py::is_final(),
                      "Which rows of one snapshot may be found; made by that snapshot.")
      .def("count", &RowMask::count, "The number of rows that are set.")
      .def(
          "__and__",
          [](const RowMask& self, const RowMask& other) {
            require_same_snapshot(self, other);
            return RowMask(self) &= other;
          },
          py::is_operator(), py::arg("other"))
      .def(
          "__or__",
          [](const RowMask& self, const RowMask& other) {
            require_same_snapshot(self, other);
            return RowMask(self) |= other;
          },
          py::is_operator(), py::arg("other"));
}

}  // namespace nearsight
