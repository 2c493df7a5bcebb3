// From documents as they were put to a part in memory.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "nearsight/facts.h"
#include "nearsight/status.h"
#include "part.h"

namespace nearsight {

// kInvalidArgument names a document that is there twice. REQUIRES at least one document.
Result<std::shared_ptr<const ColumnPart>> build_part(const Documents& documents);

// Data that stays in memory, in the shape of a file's.
class MemoryWriter final : public DataWriter {
 public:
  explicit MemoryWriter(uint64_t size) { bytes_.reserve(size); }
  Status put(std::span<const std::byte> bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return Status::ok();
  }
  uint64_t written() const override { return bytes_.size(); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

template <class T>
Status put_section(DataWriter& out, const std::vector<T>& values) {
  if (Status status = out.put(std::as_bytes(std::span(values))); !status.is_ok()) return status;
  return out.pad(kSectionAlignment);
}

}  // namespace nearsight
