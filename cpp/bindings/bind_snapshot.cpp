#include <string>
#include <vector>

#include "arrays.h"
#include "bind.h"
#include "errors.h"
#include "nearsight/columns.h"
#include "nearsight/index.h"

namespace py = pybind11;

namespace nearsight {
namespace {

Curve curve_named(const std::string& name) {
  if (name == "linear") return Curve::kLinear;
  if (name == "log") return Curve::kLog;
  throw py::value_error("a term's curve is 'linear' or 'log', not '" + name + "'");
}

Squash squash_named(const std::string& name) {
  if (name == "linear") return Squash::kLinear;
  if (name == "sigmoid") return Squash::kSigmoid;
  if (name == "exp") return Squash::kExp;
  throw py::value_error("a rank's squash is 'linear', 'sigmoid' or 'exp', not '" + name + "'");
}

// The items of a sequence of four; `shape` says what they are.
py::sequence four_of(const py::handle& item, const char* shape) {
  if (!py::isinstance<py::sequence>(item) || py::len(item) != 4) throw py::value_error(shape);
  return py::reinterpret_borrow<py::sequence>(item);
}

std::vector<Term> terms_of(const py::sequence& tuples) {
  std::vector<Term> terms;
  for (const py::handle item : tuples) {
    const auto term = four_of(item, "a term is a tuple (field, query, weight, curve)");
    terms.push_back({term[0].cast<std::string>(), floats_1d(term[1], "query"),
                     term[2].cast<float>(), curve_named(term[3].cast<std::string>())});
  }
  return terms;
}

std::vector<Rank> ranks_of(const py::sequence& tuples) {
  std::vector<Rank> ranks;
  for (const py::handle item : tuples) {
    const auto rank = four_of(item, "a rank is a tuple (weight, squash, bias, terms)");
    ranks.push_back({terms_of(rank[3].cast<py::sequence>()), rank[0].cast<double>(),
                     squash_named(rank[1].cast<std::string>()), rank[2].cast<double>()});
  }
  return ranks;
}

py::tuple arrays_of(const std::vector<ScoredRow>& rows) {
  py::array_t<RowId> ids(static_cast<py::ssize_t>(rows.size()));
  py::array_t<double> scores(static_cast<py::ssize_t>(rows.size()));
  for (size_t i = 0; i < rows.size(); ++i) {
    ids.mutable_data()[i] = rows[i].id;
    scores.mutable_data()[i] = rows[i].score;
  }
  return py::make_tuple(std::move(ids), std::move(scores));
}

py::tuple search(const Snapshot& self, const py::sequence& tuples, const py::int_& wanted,
                 const py::int_& skipped, const RowMask* allowed, const py::int_& workers) {
  const std::vector<Rank> ranks = ranks_of(tuples);
  const size_t k = count_of(wanted, "k");
  const size_t offset = count_of(skipped, "offset");
  const size_t threads = count_of(workers, "threads");
  return arrays_of(  // Python can't change a mask, and the call holds on to it
      value_or_raise(without_gil([&] { return self.search(ranks, k, offset, allowed, threads); })));
}

// Ids and scores, one row for each query; all rows are as long.
py::tuple matrices_of(const std::vector<std::vector<ScoredRow>>& found) {
  const size_t columns = found.empty() ? 0 : found[0].size();
  py::array_t<RowId> ids({found.size(), columns});
  py::array_t<double> scores({found.size(), columns});
  for (size_t q = 0; q < found.size(); ++q) {
    for (size_t i = 0; i < columns; ++i) {
      ids.mutable_data()[q * columns + i] = found[q][i].id;
      scores.mutable_data()[q * columns + i] = found[q][i].score;
    }
  }
  return py::make_tuple(std::move(ids), std::move(scores));
}

py::tuple search_many(const Snapshot& self, const std::string& field, const py::object& array,
                      const py::int_& wanted, const RowMask* allowed, const py::int_& workers) {
  const Matrix queries = floats_2d(array, "queries");
  const size_t k = count_of(wanted, "k");
  const size_t threads = count_of(workers, "threads");
  return matrices_of(value_or_raise(without_gil([&] {
    return self.search_many(field, queries.numbers, queries.rows, k, allowed, threads);
  })));
}

RowMask mask_of(const Snapshot& self, const py::object& array) {
  const std::vector<RowId> ids = ids_1d(array, "ids");
  return value_or_raise(without_gil([&] { return self.mask_of(ids); }));
}

RowMask mask_of_docs(const Snapshot& self, const ColumnsSnapshot& columns, const DocSet& docs) {
  return value_or_raise(without_gil([&] {
    return self.mask_of_each(
        [&](const Snapshot::Visit& visit) { return columns.visit_rows(docs, visit); });
  }));
}

RowMask at_least(const Snapshot& self, const py::sequence& tuples, double threshold,
                 const py::int_& workers) {
  const std::vector<Rank> ranks = ranks_of(tuples);
  const size_t threads = count_of(workers, "threads");
  return value_or_raise(without_gil([&] { return self.at_least(ranks, threshold, threads); }));
}

RowMask all(const Snapshot& self) {
  return value_or_raise(without_gil([&] { return self.all(); }));
}

// The rows that a mask leaves out, among those that are alive.
RowMask invert(const Snapshot& self, const RowMask& mask) {
  RowMask inverted = all(self);
  if (mask.snapshot() != inverted.snapshot() || mask.size() != inverted.size()) {
    throw py::value_error("this mask was made from another snapshot: make it from this one");
  }
  RowMask others = mask;
  others.flip();
  return inverted &= others;
}

py::array_t<RowId> ids(const Snapshot& self, const RowMask* allowed) {
  return array_of(value_or_raise(without_gil([&] { return self.ids(allowed); })));
}

void verify(const Snapshot& self) {
  raise_unless_ok(without_gil([&] { return self.verify(); }));
}

}  // namespace

void bind_snapshot(py::module_& module) {
  py::class_<Snapshot, std::shared_ptr<Snapshot>>(module, "Snapshot", py::is_final(),
                                                  "What one commit published; never changes.")
      .def_property_readonly("generation", &Snapshot::generation, "The truth's generation.")
      .def("__len__", &Snapshot::size)
      .def("search", search, "The best rows: ids and scores, best first.", py::arg("ranks"),
           py::arg("k"), py::arg("offset") = 0, py::arg("mask") = py::none(),
           py::arg("threads") = 1)
      .def("search_many", search_many, "The best rows for each query of one field.",
           py::arg("field"), py::arg("queries"), py::arg("k"), py::arg("mask") = py::none(),
           py::arg("threads") = 1)
      .def("mask_of", mask_of, "The live rows with these ids.", py::arg("ids"))
      .def("mask_of_docs", mask_of_docs, "The live rows that stand for these documents.",
           py::arg("columns"), py::arg("docs"))
      .def("at_least", at_least, "The live rows that score at least the threshold.",
           py::arg("ranks"), py::arg("threshold"), py::arg("threads") = 1)
      .def("all", all, "Every live row.")
      .def("invert", invert, "The live rows that the mask leaves out.", py::arg("mask"))
      .def("ids", ids, "The ids that the mask allows, ascending.", py::arg("mask") = py::none())
      .def("verify", verify, "Checks every block of every cache file.");
}

}  // namespace nearsight
