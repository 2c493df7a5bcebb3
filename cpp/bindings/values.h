// What Python says of documents: its values as the core's, and lists of facts as one flat buffer.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <utility>
#include <vector>

#include "nearsight/facts.h"

namespace nearsight {

// None, bool, int, float, str or a pair (latitude, longitude). ValueError otherwise, or if it can't
// be compared with anything (NaN). Any whole number is fine: one that 64 bits don't hold equals
// none that is stored.
Value value_asked(const pybind11::handle& value);

// UTF-8; ValueError if it holds half a surrogate pair.
std::string utf8_of(const pybind11::handle& text, const char* what);

std::pair<double, double> pair_of(const pybind11::handle& value, const char* what);

// ValueError names the document and the fact that can't be kept.
Documents documents_of(const std::vector<DocId>& docs, const std::vector<OwnerId>& owners,
                       const std::vector<RowId>& rows, const pybind11::sequence& facts);

}  // namespace nearsight
