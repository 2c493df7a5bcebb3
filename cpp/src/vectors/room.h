// The inside of an index of vectors: its rows, its finder, and the thread that makes that.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "finder.h"
#include "identity.h"
#include "keys.h"
#include "nearsight/vectors.h"
#include "view.h"

namespace nearsight {

class Vectors::Room {
 public:
  // `directory` is null for an index in memory.
  Room(std::unique_ptr<Index> index, std::shared_ptr<Directory> directory, const FinderKind& kind,
       const Identity& identity, Access access);
  ~Room();

  uint32_t dim() const { return identity_.dim; }
  Element element() const { return identity_.element; }
  Finding finding() const { return identity_.finding; }
  bool grows() const { return kind_.grows(); }
  uint32_t max_dim() const { return kind_.max_dim(); }  // of rows that a finder takes
  std::shared_ptr<const View> view() const {
    const std::lock_guard lock(publishing_);
    return view_;
  }

  Status begin();  // finds the finder that belongs to the rows
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
  void forget(const std::shared_ptr<const Finder>& finder);  // it is damaged

 private:
  Status load_table();
  Status check(std::span<const Key> keys, bool present);
  Status publish(std::shared_ptr<const Finder> finder);
  Status publish_next(std::span<const RowId> erased);  // the finder stays
  Status optimize(size_t threads, bool retrain);
  Result<std::shared_ptr<const Finder>> build(const View& view, bool anew, size_t threads);
  Status take_in(std::shared_ptr<const Finder> finder);
  uint64_t number_of(const std::string& name) const;  // in a finder's file name; 0: another file
  std::string name_of(uint64_t number) const;
  void sweep(const std::string& kept);

  const FinderKind& kind_;
  Identity identity_;
  Access access_;
  std::shared_ptr<Directory> directory_;

  std::mutex changing_;  // guards the index's writing side, the table and the finders' file names
  std::unique_ptr<Index> index_;
  KeyTable table_;
  bool table_is_loaded_ = false;
  uint64_t next_number_ = 1;

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
