// What can go wrong in the core. Nothing throws and nothing aborts: every fallible call returns a
// Status or a Result, whose message names the thing, the value and the cure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nearsight {

enum class StatusCode {
  kOk,
  kInvalidArgument,  // the caller's values are wrong; nothing was changed
  kCorruption,       // a cache file is damaged or lies; drop it and rebuild from the truth
  kUnsupported,      // a newer format, or a kernel this CPU lacks
  kIoError,          // the operating system refused
  kOutOfMemory,
};

class [[nodiscard]] Status {
 public:
  static Status ok() { return Status(StatusCode::kOk, {}); }
  static Status invalid_argument(std::string message) {
    return Status(StatusCode::kInvalidArgument, std::move(message));
  }
  static Status corruption(std::string message) {
    return Status(StatusCode::kCorruption, std::move(message));
  }
  static Status unsupported(std::string message) {
    return Status(StatusCode::kUnsupported, std::move(message));
  }
  static Status io_error(std::string message) {
    return Status(StatusCode::kIoError, std::move(message));
  }
  static Status out_of_memory(std::string message) {
    return Status(StatusCode::kOutOfMemory, std::move(message));
  }

  bool is_ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  std::string_view message() const { return message_; }

 private:
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  StatusCode code_;
  std::string message_;
};

// A value, or the Status that says why there is none. REQUIRES is_ok() before value().
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)), status_(Status::ok()) {}
  Result(Status status) : status_(std::move(status)) {}

  bool is_ok() const { return status_.is_ok(); }
  const Status& status() const { return status_; }
  T& value() { return *value_; }
  const T& value() const { return *value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace nearsight
