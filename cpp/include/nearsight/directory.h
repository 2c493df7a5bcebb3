// The only door to the file system: one directory that holds derived files.
//
// An interface, so that tests can tear writes and fill disks. Only kDurable syncs to the medium:
// derived files carry checksums, and what a power cut tears is rebuilt from the truth.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nearsight/status.h"

namespace nearsight {

// A whole file, mapped for reading. It stays readable after the file's name is gone.
class MappedFile {
 public:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}  // owns the mapping
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

// Bytes that are filled in any order and then only read: a new file that is mapped, or memory.
class Draft {
 public:
  explicit Draft(std::span<std::byte> bytes) : bytes_(bytes) {}  // owns the mapping
  ~Draft();
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  std::span<std::byte> bytes() const { return bytes_; }  // zeros where nothing was written
  std::unique_ptr<MappedFile> seal();                    // from now on nobody can write

  static Result<std::unique_ptr<Draft>> in_memory(size_t size);

 private:
  std::span<std::byte> bytes_;
};

// A new file, written from its beginning to its end. Without close() it is of unknown content.
class FileWriter {
 public:
  virtual ~FileWriter() = default;
  virtual Status write(std::span<const std::byte> bytes) = 0;
  virtual Status close() = 0;
};

// Names are plain file names in this directory. Failures are kIoError and say path and reason.
class Directory {
 public:
  virtual ~Directory() = default;

  virtual const std::string& path() const = 0;
  virtual Result<std::vector<std::string>> list() const = 0;  // regular files, in no order
  virtual Result<std::unique_ptr<MappedFile>> map(const std::string& name) const = 0;
  virtual Result<std::unique_ptr<FileWriter>> create(const std::string& name) = 0;  // not yet there
  // The same for a file of `size` >= 1 bytes that are on the disk's books before the first is used.
  virtual Result<std::unique_ptr<Draft>> draft(const std::string& name, size_t size) = 0;
  virtual Status rename(const std::string& from,
                        const std::string& to) = 0;  // replaces, atomically
  virtual Status remove(const std::string& name) = 0;
};

enum class Access { kReadWrite, kReadOnly, kDurable };

// The directory at `path` on disk, made (with its parents) if it is missing. With kReadOnly it has
// to be there, and whatever would change it is kIoError. With kDurable, a file that was closed and
// a name that was changed outlive a power cut; drafts do not.
Result<std::shared_ptr<Directory>> open_directory(const std::string& path,
                                                  Access access = Access::kReadWrite);

}  // namespace nearsight
