#include "nearsight/tasks.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "nearsight/guard.h"

namespace nearsight {
namespace {

// What the workers of one run share.
class Run {
 public:
  Run(size_t tasks, const Task& work) : tasks_(tasks), work_(work) {}

  void take_tasks(size_t worker) {
    for (size_t task = next_++; task < tasks_; task = next_++) {
      Status status = guarded([&]() -> Status { return work_(worker, task); });
      if (!status.is_ok()) return stop(std::move(status));
    }
  }

  Status status() { return std::move(status_); }

 private:
  void stop(Status status) {
    next_ = tasks_;
    const std::lock_guard lock(mutex_);
    if (status_.is_ok()) status_ = std::move(status);
  }

  size_t tasks_;
  const Task& work_;
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;
  Status status_ = Status::ok();
};

}  // namespace

// Threads are started for each run: that takes a hundredth of the time of what is worth several,
// nothing waits in a process that forks, and no two runs wait for each other.
Status run_tasks(size_t tasks, size_t threads, const Task& work) {
  Run run(tasks, work);
  std::vector<std::thread> others;
  others.reserve(workers_of(tasks, threads));
  try {
    for (size_t worker = 1; worker < workers_of(tasks, threads); ++worker) {
      others.emplace_back([&run, worker] { run.take_tasks(worker); });
    }
  } catch (const std::system_error&) {  // no more threads today: those that there are do it
  } catch (const std::bad_alloc&) {
  }
  run.take_tasks(0);
  for (std::thread& other : others) other.join();
  return run.status();
}

size_t workers_of(size_t tasks, size_t threads) {
  return std::max<size_t>(1, std::min({tasks, threads, kMaxThreads}));
}

}  // namespace nearsight
