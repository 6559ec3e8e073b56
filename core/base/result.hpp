// What a function that may fail returns. Every failure carries the status that says what its reader
// should do, and a message that names the thing, the numbers and the next step.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "coldload/abi.h"

namespace coldload {

// The values are those of coldload_status, so that one passes the plugin boundary unchanged.
enum class Status : int32_t {
  invalid_option = COLDLOAD_INVALID_OPTION,
  unsupported = COLDLOAD_UNSUPPORTED,
  not_found = COLDLOAD_NOT_FOUND,
  permission_denied = COLDLOAD_PERMISSION_DENIED,
  io_error = COLDLOAD_IO_ERROR,
  timed_out = COLDLOAD_TIMED_OUT,
  cancelled = COLDLOAD_CANCELLED,
  out_of_memory = COLDLOAD_OUT_OF_MEMORY,
  internal = COLDLOAD_INTERNAL,
  integrity = COLDLOAD_INTEGRITY,
};

// "invalid option", "not found", …; "unknown status N" for a number no plugin may return.
[[nodiscard]] std::string to_string(Status status);

struct Error {
  Status status = Status::internal;
  std::string message;  // lower-case, no final period
  int os_error = 0;     // errno, a negated HTTP status, or 0
};

template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

// `return fail(Status::not_found, fmt::format("{}: no such directory", path));`
[[nodiscard]] inline std::unexpected<Error> fail(Status status, std::string message, int os_error = 0) {
  return std::unexpected<Error>(Error{status, std::move(message), os_error});
}

// Passes a failure of one Result on as that of another.
template <typename T>
[[nodiscard]] std::unexpected<Error> pass(const Result<T>& failed) {
  return std::unexpected<Error>(failed.error());
}

// The failure of a system call: status by errno, "<what>: <strerror>".
[[nodiscard]] std::unexpected<Error> fail_errno(int os_error, std::string_view what);
[[nodiscard]] Status status_of_errno(int os_error);

}  // namespace coldload
