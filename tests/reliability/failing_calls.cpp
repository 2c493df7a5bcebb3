// Lets system calls on the files below one folder fail, at a chosen one. Loaded before everything
// else (LD_PRELOAD), so it stands between a whole process and its C library: SQLite, the core,
// Python. Which calls a kind of failure can hit follows from what the kernel may really answer.
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <atomic>
#include <mutex>

// <fcntl.h> and <unistd.h> declare what is defined here, in ways that differ: these are Linux's.
constexpr int kCreates = 0100;  // O_CREAT
constexpr int kSetLock = 6, kSetLockWait = 7;
struct LockRequest {
  short type;
};

namespace {

enum Kind { kNone, kFull, kBroken, kInterrupted, kShort, kNoFiles, kLie };
enum Call { kOpen, kCreate, kRead, kWrite, kSync, kGrow, kName, kLook, kLock, kMap, kClose };

std::mutex guard;
char folder[4096];
std::atomic<bool> is_watched[1 << 16];
std::atomic<int> kind;
std::atomic<long> left, hits, seen;
std::atomic<bool> sticky;

int error_of(Kind what) {
  switch (what) {
    case kFull:
      return ENOSPC;
    case kInterrupted:
      return EINTR;
    case kNoFiles:
      return EMFILE;
    default:
      return EIO;
  }
}

bool may_hit(Kind what, Call call) {
  switch (what) {
    case kFull:
      return call == kCreate || call == kWrite || call == kSync || call == kGrow || call == kName;
    case kBroken:
      return true;
    case kInterrupted:
      return call != kName && call != kLook && call != kMap && call != kClose;
    case kShort:
      return call == kRead || call == kWrite;
    case kNoFiles:
      return call == kOpen || call == kCreate;
    case kLie:
      return call == kWrite;
    default:
      return false;
  }
}

// Is this call the one? Counts it if it could be.
bool fails(Call call, bool ours) {
  const auto what = static_cast<Kind>(kind.load());
  if (!ours || !may_hit(what, call)) return false;
  const std::lock_guard lock(guard);
  ++seen;
  if (left < 0) return false;
  if (left > 0) {
    --left;
    return false;
  }
  if (!sticky) left = -1;
  ++hits;
  errno = error_of(what);
  return true;
}

bool below(const char* path) {
  return folder[0] != 0 && path != nullptr && strncmp(path, folder, strlen(folder)) == 0;
}
bool below(int file) { return file >= 0 && file < 1 << 16 && is_watched[file]; }

bool partly() { return kind == kShort; }
bool lies() { return kind == kLie; }

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// Does fcntl lock something? Letting go of a lock never fails.
bool locks(int act, const void* with) {
  if (act != kSetLock && act != kSetLockWait) return false;
  return static_cast<const LockRequest*>(with)->type != 2;  // F_UNLCK
}

int opened(int file, bool ours) {
  if (file >= 0 && file < 1 << 16) is_watched[file] = ours;
  return file;
}

}  // namespace

extern "C" {

// Failures hit calls below `path`, an absolute one; files that are open already are left alone.
void faults_watch(const char* path) { strncpy(folder, path, sizeof(folder) - 1); }

// Lets the call after `good` others fail that this kind can hit; with `for_good` all later, too.
void faults_arm(int what, long good, int for_good) {
  const std::lock_guard lock(guard);
  left = good;
  sticky = for_good != 0;
  hits = seen = 0;
  kind = what;
}
void faults_disarm() { kind = kNone; }
long faults_hits() { return hits; }
long faults_seen() { return seen; }

#define OPENS(NAME)                                                                         \
  int NAME(const char* path, int flags, ...) {                                              \
    va_list rest;                                                                           \
    va_start(rest, flags);                                                                  \
    const int mode = va_arg(rest, int);                                                     \
    va_end(rest);                                                                           \
    if (fails(flags & kCreates ? kCreate : kOpen, below(path))) return -1;                  \
    return opened(real<int(const char*, int, ...)>(#NAME)(path, flags, mode), below(path)); \
  }
OPENS(open)
OPENS(open64)

#define OPENS_AT(NAME)                                                                 \
  int NAME(int at, const char* path, int flags, ...) {                                 \
    va_list rest;                                                                      \
    va_start(rest, flags);                                                             \
    const int mode = va_arg(rest, int);                                                \
    va_end(rest);                                                                      \
    if (fails(flags & kCreates ? kCreate : kOpen, below(path))) return -1;             \
    return opened(real<int(int, const char*, int, ...)>(#NAME)(at, path, flags, mode), \
                  below(path));                                                        \
  }
OPENS_AT(openat)
OPENS_AT(openat64)

int close(int file) {
  const bool failing = fails(kClose, below(file));
  opened(file, false);
  const int done = real<int(int)>("close")(file);
  if (!failing) return done;
  errno = EIO;
  return -1;
}

// Half of it goes through where it is cut short, nothing where it fails, and who lies says it did.
#define MOVES(NAME, CALL, BYTES, ...)              \
  if (fails(CALL, below(file))) {                  \
    if (lies()) return static_cast<ssize_t>(size); \
    if (!partly()) return -1;                      \
    size -= size / 2;                              \
  }                                                \
  return real<ssize_t(int, BYTES, size_t, ##__VA_ARGS__)>(NAME)

ssize_t read(int file, void* bytes, size_t size) { MOVES("read", kRead, void*)(file, bytes, size); }
ssize_t write(int file, const void* bytes, size_t size) {
  MOVES("write", kWrite, const void*)(file, bytes, size);
}
ssize_t pread(int file, void* bytes, size_t size, off_t at) {
  MOVES("pread", kRead, void*, off_t)(file, bytes, size, at);
}
ssize_t pread64(int file, void* bytes, size_t size, off_t at) {
  MOVES("pread64", kRead, void*, off_t)(file, bytes, size, at);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  MOVES("pwrite", kWrite, const void*, off_t)(file, bytes, size, at);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off_t at) {
  MOVES("pwrite64", kWrite, const void*, off_t)(file, bytes, size, at);
}

#define ON_FILE(NAME, CALL, SIGNATURE, ...)         \
  int NAME SIGNATURE {                              \
    if (fails(CALL, below(file))) return -1;        \
    return real<int SIGNATURE>(#NAME)(__VA_ARGS__); \
  }
ON_FILE(fsync, kSync, (int file), file)
ON_FILE(fdatasync, kSync, (int file), file)
ON_FILE(ftruncate, kGrow, (int file, off_t size), file, size)
ON_FILE(ftruncate64, kGrow, (int file, off_t size), file, size)
ON_FILE(fstat, kLook, (int file, void* into), file, into)
ON_FILE(fstat64, kLook, (int file, void* into), file, into)

int flock(int file, int act) {
  if (act != 8 && fails(kLock, below(file))) return -1;  // 8: LOCK_UN
  return real<int(int, int)>("flock")(file, act);
}

#define ALLOCATES(NAME)                                         \
  int NAME(int file, off_t at, off_t size) {                    \
    if (fails(kGrow, below(file))) return errno;                \
    return real<int(int, off_t, off_t)>(#NAME)(file, at, size); \
  }
ALLOCATES(posix_fallocate)
ALLOCATES(posix_fallocate64)

#define LOCKS(NAME)                                               \
  int NAME(int file, int act, ...) {                              \
    va_list rest;                                                 \
    va_start(rest, act);                                          \
    void* const with = va_arg(rest, void*);                       \
    va_end(rest);                                                 \
    if (locks(act, with) && fails(kLock, below(file))) return -1; \
    return real<int(int, int, ...)>(#NAME)(file, act, with);      \
  }
LOCKS(fcntl)
LOCKS(fcntl64)

#define ON_PATH(NAME, CALL, SIGNATURE, ...)         \
  int NAME SIGNATURE {                              \
    if (fails(CALL, below(path))) return -1;        \
    return real<int SIGNATURE>(#NAME)(__VA_ARGS__); \
  }
ON_PATH(unlink, kName, (const char* path), path)
ON_PATH(rename, kName, (const char* path, const char* to), path, to)
ON_PATH(link, kName, (const char* path, const char* to), path, to)
ON_PATH(mkdir, kName, (const char* path, mode_t mode), path, mode)
ON_PATH(access, kLook, (const char* path, int mode), path, mode)
ON_PATH(stat, kLook, (const char* path, void* into), path, into)
ON_PATH(stat64, kLook, (const char* path, void* into), path, into)
ON_PATH(lstat, kLook, (const char* path, void* into), path, into)
ON_PATH(lstat64, kLook, (const char* path, void* into), path, into)
ON_PATH(fstatat, kLook, (int at, const char* path, void* into, int how), at, path, into, how)
ON_PATH(fstatat64, kLook, (int at, const char* path, void* into, int how), at, path, into, how)

void* opendir(const char* path) {
  if (fails(kOpen, below(path))) return nullptr;
  return real<void*(const char*)>("opendir")(path);
}

#define MAPS(NAME)                                                                              \
  void* NAME(void* where, size_t size, int may, int how, int file, off_t at) {                  \
    if (fails(kMap, below(file))) return reinterpret_cast<void*>(-1);                           \
    return real<void*(void*, size_t, int, int, int, off_t)>(#NAME)(where, size, may, how, file, \
                                                                   at);                         \
  }
MAPS(mmap)
MAPS(mmap64)

}  // extern "C"
