// Long work that others watch and may stop.
#pragma once

#include <atomic>
#include <cstddef>

#include "nearsight/tasks.h"

namespace nearsight {

// How far a piece of work is, for those who watch it from another thread; they may stop it.
class Progress {
 public:
  void cancel() { cancelled_ = true; }
  bool is_cancelled() const { return cancelled_; }
  float done() const { return done_; }  // 0 .. 1
  void reach(float done) { done_ = done; }

 private:
  std::atomic<bool> cancelled_ = false;
  std::atomic<float> done_ = 0;
};

// run_tasks, while the progress goes from `from` to `to`; once it is cancelled no task is begun and
// kInvalidArgument comes back.
inline Status run_tasks(size_t tasks, size_t threads, Progress& progress, float from, float to,
                        const Task& work) {
  Status status = run_tasks(tasks, threads, [&](size_t worker, size_t task) -> Status {
    if (progress.is_cancelled()) return Status::invalid_argument("cancelled");
    if (worker == 0) {
      progress.reach(from + (to - from) * static_cast<float>(task) / static_cast<float>(tasks));
    }
    return work(worker, task);
  });
  if (status.is_ok()) progress.reach(to);
  return status;
}

}  // namespace nearsight
