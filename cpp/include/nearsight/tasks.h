// Work that falls into tasks, done by a few threads.
#pragma once

#include <cstddef>
#include <functional>

#include "nearsight/status.h"

namespace nearsight {

inline constexpr size_t kMaxThreads = 256;

// Does one task, as worker number `worker`: no two tasks have the same worker at the same time, so
// that what belongs to a worker needs no lock.
using Task = std::function<Status(size_t worker, size_t task)>;

// Does the tasks 0, 1, ... on the calling thread and on up to threads - 1 others, in an order that
// nothing may depend on. After a failure no more are begun; one of the failures comes back.
Status run_tasks(size_t tasks, size_t threads, const Task& work);

// How many workers such a run has, at least 1: their numbers are below it.
size_t workers_of(size_t tasks, size_t threads);

}  // namespace nearsight
