// A folder of good files, and what an input of a fuzzer changes in it.
//
// Checksums stand before everything that a reader believes, and a fuzzer does not guess them. So an
// input is no file but a list of edits to good ones; who holds the folder repairs the checksums
// then where the input says so. Inputs stay a few bytes long, and so does the corpus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "nearsight/directory.h"

namespace nearsight::fuzz {

using Files = std::map<std::string, std::string>;  // name: bytes

// The bytes of an input, one after another; zeros once they are used up.
class Source {
 public:
  Source(const uint8_t* bytes, size_t size) : left_(bytes, size) {}

  bool is_empty() const { return left_.empty(); }
  uint8_t byte() {
    if (left_.empty()) return 0;
    const uint8_t first = left_.front();
    left_ = left_.subspan(1);
    return first;
  }
  size_t word() {
    const size_t low = byte();
    return low | size_t{byte()} << 8;
  }

 private:
  std::span<const uint8_t> left_;
};

// Places of a file where something is written, and the 8 bytes after each: not its padding.
inline std::vector<size_t> telling_places(const std::string& bytes) {
  std::vector<size_t> places;
  size_t last = bytes.size();
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] != 0) last = at;
    if (last <= at && at - last <= 8) places.push_back(at);
  }
  return places;
}

// One edit: which file and what (a byte), where (two bytes), and its own bytes. Bytes are replaced,
// a u64 is raised or lowered by a little, or the file is cut off or made longer.
inline void edit(Files& files, const std::map<std::string, std::vector<size_t>>& places,
                 Source& source) {
  const uint8_t what = source.byte();
  auto file = std::next(files.begin(), static_cast<ptrdiff_t>(what % files.size()));
  std::string& bytes = file->second;
  const std::vector<size_t>& known = places.at(file->first);
  const size_t at = known[source.word() % known.size()];
  const size_t length = 1 + (what >> 3) % 8;
  if (what < 128) {
    for (size_t i = 0; i < length; ++i) {
      const char byte = static_cast<char>(source.byte());
      if (at + i < bytes.size()) bytes[at + i] = byte;
    }
  } else if (what < 224) {
    uint64_t number = 0;
    if (at + sizeof number > bytes.size()) return;
    std::memcpy(&number, bytes.data() + at, sizeof number);
    number += static_cast<uint64_t>(static_cast<int64_t>(static_cast<int8_t>(source.byte())));
    std::memcpy(bytes.data() + at, &number, sizeof number);
  } else if (what < 240) {
    bytes.resize(at);
  } else {
    bytes.resize(bytes.size() + length * 512);
  }
}

inline Files edited(Files files, Source& source) {
  std::map<std::string, std::vector<size_t>> places;
  for (const auto& [name, bytes] : files) places[name] = telling_places(bytes);
  for (int i = 0; i < 16 && !source.is_empty(); ++i) edit(files, places, source);
  return files;
}

// A number in the bytes of a file; nothing happens where the file ends before it.
template <class T>
T read(const std::string& bytes, size_t at) {
  T number{};
  if (at + sizeof number <= bytes.size()) std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}
template <class T>
void write(std::string& bytes, size_t at, T number) {
  if (at + sizeof number <= bytes.size()) std::memcpy(bytes.data() + at, &number, sizeof number);
}

// Files that lie in memory only.
class MemoryDirectory final : public Directory {
 public:
  explicit MemoryDirectory(Files files) : files_(std::move(files)) {}

  const std::string& path() const override { return path_; }
  Result<std::vector<std::string>> list() const override {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files_) names.push_back(name);
    return names;
  }
  Result<std::unique_ptr<MappedFile>> map(const std::string& name) const override {
    const auto file = files_.find(name);
    if (file == files_.end()) return Status::io_error(path_ + "/" + name + ": no such file");
    if (file->second.empty()) return std::make_unique<MappedFile>(std::span<const std::byte>());
    auto draft = Draft::in_memory(file->second.size());
    if (!draft.is_ok()) return draft.status();
    std::memcpy(draft.value()->bytes().data(), file->second.data(), file->second.size());
    return draft.value()->seal();
  }
  Result<std::unique_ptr<FileWriter>> create(const std::string& name) override {
    return std::unique_ptr<FileWriter>(std::make_unique<Writer>(files_[name]));
  }
  Result<std::unique_ptr<Draft>> draft(const std::string&, size_t size) override {
    return Draft::in_memory(size);
  }
  Status rename(const std::string& from, const std::string& to) override {
    files_[to] = std::move(files_[from]);
    return remove(from);
  }
  Status remove(const std::string& name) override {
    files_.erase(name);
    return Status::ok();
  }

 private:
  class Writer final : public FileWriter {
   public:
    explicit Writer(std::string& bytes) : bytes_(bytes) { bytes_.clear(); }
    Status write(std::span<const std::byte> bytes) override {
      bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return Status::ok();
    }
    Status close() override { return Status::ok(); }

   private:
    std::string& bytes_;
  };

  std::string path_ = "memory";
  Files files_;
};

}  // namespace nearsight::fuzz
