#include "nearsight/directory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace nearsight {
namespace {

Status refused(const char* act, const std::string& path, int error) {
  return Status::io_error(std::string("cannot ") + act + " '" + path +
                          "': " + std::generic_category().message(error));
}

// Closes what it holds: every early return would leak it otherwise.
class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() { close(); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int number() const { return number_; }
  bool close() {
    const int closing = number_;
    number_ = -1;
    return closing < 0 || ::close(closing) == 0;
  }

 private:
  int number_;
};

class DiskWriter final : public FileWriter {
 public:
  DiskWriter(int number, std::string path, bool durable)
      : file_(number), path_(std::move(path)), durable_(durable) {}

  Status write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.number(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return refused("write", path_, errno);
      bytes = bytes.subspan(static_cast<size_t>(written));
    }
    return Status::ok();
  }

  Status close() override {
    const bool done = (!durable_ || ::fsync(file_.number()) == 0) && file_.close();
    return done ? Status::ok() : refused("write", path_, errno);
  }

 private:
  FileDescriptor file_;
  std::string path_;
  bool durable_;
};

class DiskDirectory final : public Directory {
 public:
  DiskDirectory(std::string path, Access access) : path_(std::move(path)), access_(access) {}

  const std::string& path() const override { return path_; }

  Result<std::vector<std::string>> list() const override {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator it(path_, error), end; !error && it != end;
         it.increment(error)) {
      if (it->is_regular_file(error)) names.push_back(it->path().filename().string());
      error.clear();  // a file that vanished meanwhile is no failure of the listing
    }
    if (error) return refused("read the directory", path_, error.value());
    return names;
  }

  Result<std::unique_ptr<MappedFile>> map(const std::string& name) const override {
    const std::string path = path_of(name);
    // O_NONBLOCK: a pipe of that name is an empty file to us, not something to wait for.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info;
    if (file.number() < 0 || ::fstat(file.number(), &info) != 0) {
      return refused("read", path, errno);
    }
    const auto size = static_cast<size_t>(info.st_size);
    if (size == 0) return std::make_unique<MappedFile>(std::span<const std::byte>());
    void* const data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.number(), 0);
    if (data == MAP_FAILED) return refused("map", path, errno);
    return std::make_unique<MappedFile>(std::span(static_cast<const std::byte*>(data), size));
  }

  Result<std::unique_ptr<FileWriter>> create(const std::string& name) override {
    if (access_ == Access::kReadOnly) return read_only();
    const std::string path = path_of(name);
    const int number = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (number < 0) return refused("create", path, errno);
    const bool durable = access_ == Access::kDurable;
    return std::unique_ptr<FileWriter>(std::make_unique<DiskWriter>(number, path, durable));
  }

  Result<std::unique_ptr<Draft>> draft(const std::string& name, size_t size) override {
    if (access_ == Access::kReadOnly) return read_only();
    const std::string path = path_of(name);
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.number() < 0) return refused("create", path, errno);
    // Writing to a mapped page that the disk has no room for would stop the process.
    const int full = ::posix_fallocate(file.number(), 0, static_cast<off_t>(size));
    if (full != 0) return refused("write", path, full);
    void* const data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.number(), 0);
    if (data == MAP_FAILED) return refused("map", path, errno);
    return std::make_unique<Draft>(std::span(static_cast<std::byte*>(data), size));
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (access_ == Access::kReadOnly) return read_only();
    const bool done = ::rename(path_of(from).c_str(), path_of(to).c_str()) == 0 &&
                      (access_ != Access::kDurable || sync_names());
    return done ? Status::ok() : refused("rename", path_of(from), errno);
  }

  Status remove(const std::string& name) override {
    if (access_ == Access::kReadOnly) return read_only();
    const bool done = ::unlink(path_of(name).c_str()) == 0;
    return done ? Status::ok() : refused("remove", path_of(name), errno);
  }

 private:
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  bool sync_names() const {
    const FileDescriptor folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder.number() >= 0 && ::fsync(folder.number()) == 0;
  }
  Status read_only() const { return refused("change the directory", path_, EROFS); }

  std::string path_;
  Access access_;
};

}  // namespace

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Draft::~Draft() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

std::unique_ptr<MappedFile> Draft::seal() {
  const std::span<std::byte> sealed = std::exchange(bytes_, {});
  ::mprotect(sealed.data(), sealed.size(), PROT_READ);
  return std::make_unique<MappedFile>(sealed);
}

Result<std::unique_ptr<Draft>> Draft::in_memory(size_t size) {
  void* const data =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return Status::out_of_memory("out of memory");
  return std::make_unique<Draft>(std::span(static_cast<std::byte*>(data), size));
}

Result<std::shared_ptr<Directory>> open_directory(const std::string& path, Access access) {
  std::error_code error;
  if (access != Access::kReadOnly) std::filesystem::create_directories(path, error);
  if (error) return refused("make the directory", path, error.value());
  if (!std::filesystem::is_directory(path, error)) {
    return refused("use as a directory", path, error ? error.value() : ENOTDIR);
  }
  return std::shared_ptr<Directory>(std::make_shared<DiskDirectory>(path, access));
}

}  // namespace nearsight
