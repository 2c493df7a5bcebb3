#include <string>

#include "arrays.h"
#include "bind.h"
#include "errors.h"
#include "nearsight/columns.h"
#include "values.h"

namespace py = pybind11;

namespace nearsight {
namespace {

std::unique_ptr<Columns> open(const py::str& directory, const py::bytes& truth_bytes,
                              bool read_only) {
  const std::string path = path_of(directory);
  const TruthId truth = truth_of(truth_bytes);
  const Access access = read_only ? Access::kReadOnly : Access::kReadWrite;
  return value_or_raise(without_gil([&] { return Columns::open(path, truth, access); }));
}

void put(Columns& self, const py::object& docs, const py::object& owners, const py::object& rows,
         const py::sequence& facts) {
  const Documents documents =
      documents_of(ids_1d(docs, "docs"), ids_1d(owners, "owners"), ids_1d(rows, "rows"), facts);
  raise_unless_ok(without_gil([&] { return self.put(documents); }));
}

void erase(Columns& self, const py::object& array) {
  const std::vector<DocId> docs = ids_1d(array, "docs");
  raise_unless_ok(without_gil([&] { return self.erase(docs); }));
}

void commit(Columns& self, const py::int_& generation) {
  const uint64_t number = unsigned_of(generation, "generation");
  raise_unless_ok(without_gil([&] { return self.commit(number); }));
}

void seal(Columns& self) {
  raise_unless_ok(without_gil([&] { return self.seal(); }));
}

}  // namespace

void bind_columns(py::module_& module) {
  py::class_<Columns>(module, "Columns", py::is_final(),
                      "The facts of documents, cached on disk, derived from the truth.")
      .def_static("open", open, "Opens or makes the cache in a directory ('' for memory only).",
                  py::arg("directory"), py::arg("truth"), py::arg("read_only") = false)
      .def_property_readonly("generation", &Columns::generation, "Of the last commit.")
      .def_property_readonly("dropped_because", &Columns::dropped_because,
                             "Why a cache was set aside at opening; empty if none was.")
      .def("put", put, "Adds documents or replaces their facts, unseen until commit.",
           py::arg("docs"), py::arg("owners"), py::arg("rows"), py::arg("facts"))
      .def("erase", erase, "Forgets documents, unseen until commit.", py::arg("docs"))
      .def("commit", commit, "Publishes what came since the last commit.", py::arg("generation"))
      .def("seal", seal, "Writes everything that was committed to the cache's files.")
      .def("snapshot", &Columns::snapshot, "What the last commit published.");
}

}  // namespace nearsight
