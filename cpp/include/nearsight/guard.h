// Nothing leaves the core as an exception: the standard containers' only one becomes a Status.
#pragma once

#include <new>
#include <utility>

#include "nearsight/status.h"

namespace nearsight {

// Runs a public call's body. Its return type must be constructible from a Status.
template <class Body>
auto guarded(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory("out of memory");  // short enough for a string to need none
  }
}

}  // namespace nearsight
