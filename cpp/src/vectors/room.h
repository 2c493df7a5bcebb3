// The inside of an index of vectors: its rows, its codes, and the thread that codes them.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "keys.h"
#include "nearsight/vectors.h"
#include "view.h"

namespace nearsight {

class Vectors::Room {
 public:
  // `directory` is null for an index in memory.
  Room(std::unique_ptr<Index> index, std::shared_ptr<Directory> directory, uint32_t dim,
       Element element, const TruthId& truth, Access access);
  ~Room();

  uint32_t dim() const { return dim_; }
  Element element() const { return element_; }
  std::shared_ptr<const View> view() const {
    const std::lock_guard lock(publishing_);
    return view_;
  }

  Status begin();  // finds the codes that belong to the rows
  Status change(std::span<const Key> keys, std::span<const float> vectors, bool is_update);
  Status remove(std::span<const Key> keys);
  Status find(std::span<const Key> keys, std::vector<RowId>& rows);  // 0: not there
  Status flush();

  Status start(size_t threads, bool retrain);
  void start_by_itself();  // unless that is useless
  float done() const;
  bool wait(double seconds) const;
  void cancel();
  Status outcome() const;
  bool was_cancelled() const;
  void forget_codes(const std::shared_ptr<const Codes>& codes);  // they are damaged

 private:
  Status load_table();
  Status check(std::span<const Key> keys, bool present);
  Status publish(std::shared_ptr<const Codes> codes);
  Status publish_next(std::span<const RowId> erased);  // the codes stay
  Status optimize(size_t threads, bool retrain);
  Result<std::shared_ptr<const Codes>> build(const Snapshot& snapshot, size_t threads,
                                             bool retrain);
  Status take_in(std::shared_ptr<const Codes> codes);
  void sweep(const std::string& kept);

  uint32_t dim_;
  Element element_;
  TruthId truth_;
  Access access_;
  std::shared_ptr<Directory> directory_;

  std::mutex changing_;  // guards the index's writing side, the table and the codes' file names
  std::unique_ptr<Index> index_;
  KeyTable table_;
  bool table_is_loaded_ = false;
  uint64_t next_codes_ = 1;

  mutable std::mutex publishing_;  // held while a pointer is copied
  std::shared_ptr<const View> view_;

  mutable std::mutex running_;  // guards what follows
  mutable std::condition_variable finished_;
  std::thread worker_;
  bool is_running_ = false;
  Status outcome_ = Status::ok();
  std::shared_ptr<Progress> progress_;
};

}  // namespace nearsight
