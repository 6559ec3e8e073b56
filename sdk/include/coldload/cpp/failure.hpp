// How code inside a plugin fails: by throwing Failure. Nothing thrown leaves the plugin; guarded() turns it
// into the status and the message that the C table returns.
#pragma once

#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "coldload/abi.h"

namespace coldload::sdk {

// `message` starts lower-case, has no final period, and carries the object and the numbers.
class Failure : public std::exception {
 public:
  Failure(coldload_status status, std::string message, int os_error = 0, bool retryable = false)
      : status_(status), os_error_(os_error), retryable_(retryable), message_(std::move(message)) {}

  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
  [[nodiscard]] coldload_status status() const noexcept { return status_; }
  // errno, a negated HTTP status, or 0.
  [[nodiscard]] int os_error() const noexcept { return os_error_; }
  [[nodiscard]] bool retryable() const noexcept { return retryable_; }

 private:
  coldload_status status_;
  int os_error_;
  bool retryable_;
  std::string message_;
};

[[nodiscard]] inline coldload_status status_of_errno(int os_error) noexcept {
  switch (os_error) {
    case ENOENT:
    case ENOTDIR:
    case ENXIO:
      return COLDLOAD_NOT_FOUND;
    case EACCES:
    case EPERM:
      return COLDLOAD_PERMISSION_DENIED;
    case ENOMEM:
      return COLDLOAD_OUT_OF_MEMORY;
    case ETIMEDOUT:
      return COLDLOAD_TIMED_OUT;
    case ECANCELED:
      return COLDLOAD_CANCELLED;
    default:
      return COLDLOAD_IO_ERROR;
  }
}

// "<what>: no such file or directory", with the status that errno calls for. `what` names the thing and the
// call's numbers.
[[nodiscard]] inline Failure os_failure(int os_error, const std::string& what) {
  return Failure(status_of_errno(os_error), what + ": " + std::generic_category().message(os_error),
                 os_error);
}

namespace detail {

inline coldload_status fill_error(coldload_error* error, coldload_status status, const char* message,
                                  int os_error = 0, bool retryable = false) noexcept {
  // A caller that allocated less than message reaches gets the status alone.
  if (error != nullptr && error->struct_size >= sizeof(coldload_error)) {
    error->os_error = os_error;
    error->retryable = retryable ? 1u : 0u;
    std::snprintf(error->message, sizeof error->message, "%s", message);
  }
  return status;
}

}  // namespace detail

// The firewall around every function of a C table: runs `body` and turns whatever it throws into a status.
template <typename Body>
coldload_status guarded(coldload_error* error, Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return COLDLOAD_OK;
  } catch (const Failure& failure) {
    return detail::fill_error(error, failure.status(), failure.what(), failure.os_error(),
                              failure.retryable());
  } catch (const std::bad_alloc&) {
    return detail::fill_error(error, COLDLOAD_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& exception) {
    return detail::fill_error(error, COLDLOAD_INTERNAL, exception.what());
  } catch (...) {
    return detail::fill_error(error, COLDLOAD_INTERNAL, "an exception of unknown type");
  }
}

// The other direction: calls a C function whose last parameter is the error to fill, and throws what it
// returns.
template <typename Call>
void checked(Call&& call) {
  coldload_error error;
  error.struct_size = sizeof error;
  error.os_error = 0;
  error.retryable = 0;
  error.message[0] = '\0';
  const coldload_status status = std::forward<Call>(call)(&error);
  if (status != COLDLOAD_OK) throw Failure(status, error.message, error.os_error, error.retryable != 0);
}

}  // namespace coldload::sdk
