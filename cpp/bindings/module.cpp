// nearsight._core: the C++ core as python/nearsight/_core.pyi describes it.
#include "bind.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The C++ core of nearsight; nearsight.engine and nearsight.vectors are its users.";
  module.attr("__version__") = NEARSIGHT_VERSION;
  nearsight::bind_errors(module);
  nearsight::bind_kernels(module);
  nearsight::bind_row_mask(module);
  nearsight::bind_snapshot(module);
  nearsight::bind_index(module);
  nearsight::bind_columns_snapshot(module);
  nearsight::bind_columns(module);
  nearsight::bind_vectors(module);
}
