// A disk that fails at a chosen operation: what a full or dying one does, repeatably.
#pragma once

#include <cstdint>

#include "nearsight/directory.h"

namespace nearsight::test {

class FaultyDirectory final : public Directory {
 public:
  enum class Fails { kOnce, kForGood };

  // The operation that changes files and comes after `good` others fails; kForGood: so do all later
  // ones, until repair(). A failing write leaves half of its bytes behind.
  FaultyDirectory(std::shared_ptr<Directory> disk, uint64_t good, Fails fails = Fails::kForGood)
      : disk_(std::move(disk)), good_(good), fails_(fails) {}

  void repair() { good_ = UINT64_MAX; }
  bool failed() const { return failed_; }

  const std::string& path() const override { return disk_->path(); }
  Result<std::vector<std::string>> list() const override { return disk_->list(); }
  Result<std::unique_ptr<MappedFile>> map(const std::string& name) const override {
    return disk_->map(name);
  }
  Result<std::unique_ptr<FileWriter>> create(const std::string& name) override {
    if (!spend()) return failure();
    auto file = disk_->create(name);
    if (!file.is_ok()) return file;
    return std::unique_ptr<FileWriter>(std::make_unique<Writer>(*this, std::move(file.value())));
  }
  Result<std::unique_ptr<Draft>> draft(const std::string& name, size_t size) override {
    if (!spend()) return failure();
    return disk_->draft(name, size);
  }
  Status rename(const std::string& from, const std::string& to) override {
    return spend() ? disk_->rename(from, to) : failure();
  }
  Status remove(const std::string& name) override {
    return spend() ? disk_->remove(name) : failure();
  }

 private:
  class Writer final : public FileWriter {
   public:
    Writer(FaultyDirectory& owner, std::unique_ptr<FileWriter> file)
        : owner_(owner), file_(std::move(file)) {}
    Status write(std::span<const std::byte> bytes) override {
      if (owner_.spend()) return file_->write(bytes);
      (void)file_->write(bytes.first(bytes.size() / 2));
      return failure();
    }
    Status close() override { return owner_.spend() ? file_->close() : failure(); }

   private:
    FaultyDirectory& owner_;
    std::unique_ptr<FileWriter> file_;
  };

  bool spend() {
    if (good_ > 0) return good_-- > 0;
    failed_ = true;
    if (fails_ == Fails::kOnce) repair();
    return false;
  }
  static Status failure() { return Status::io_error("the disk of this test is full"); }

  std::shared_ptr<Directory> disk_;
  uint64_t good_;
  Fails fails_;
  bool failed_ = false;
};

}  // namespace nearsight::test
