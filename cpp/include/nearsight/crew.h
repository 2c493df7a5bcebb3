// A few threads that share out numbered pieces of work.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "nearsight/status.h"

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

using Work = std::function<Status(size_t piece, size_t worker)>;

// Nothing may leave a thread as an exception, and the containers have only this one.
inline Status guarded_work(const Work& work, size_t piece, size_t worker) {
  try {
    return work(piece, worker);
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory("out of memory");
  }
}

// Calls work(piece, worker) for each piece below `pieces`, on `threads` threads, until one fails or
// the progress is cancelled. `progress` goes from `from` to `to`. The calling thread works along; a
// thread that cannot be had is done without.
inline Status share_out(size_t pieces, size_t threads, Progress& progress, float from, float to,
                        const Work& work) {
  std::atomic<size_t> next = 0;
  std::mutex failing;
  Status failed = Status::ok();
  std::atomic<bool> stopped = false;
  const auto labour = [&](size_t worker) {
    for (size_t piece = next++; piece < pieces && !stopped; piece = next++) {
      if (progress.is_cancelled()) stopped = true;
      if (stopped) return;
      if (Status status = guarded_work(work, piece, worker); !status.is_ok()) {
        const std::lock_guard lock(failing);
        failed = std::move(status);
        stopped = true;
      }
      if (worker == 0) {
        progress.reach(from +
                       (to - from) * static_cast<float>(piece + 1) / static_cast<float>(pieces));
      }
    }
  };
  std::vector<std::thread> crew;
  for (size_t worker = 1; worker < threads && worker < pieces; ++worker) {
    try {
      crew.emplace_back(labour, worker);
    } catch (const std::system_error&) {
      break;
    }
  }
  labour(0);
  for (std::thread& thread : crew) thread.join();
  if (progress.is_cancelled()) return Status::invalid_argument("cancelled");
  progress.reach(to);
  return failed;
}

}  // namespace nearsight
