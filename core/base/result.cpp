#include "core/base/result.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace coldload {

std::string to_string(Status status) {
  switch (status) {
    case Status::invalid_option:
      return "invalid option";
    case Status::unsupported:
      return "unsupported";
    case Status::not_found:
      return "not found";
    case Status::permission_denied:
      return "permission denied";
    case Status::io_error:
      return "I/O error";
    case Status::timed_out:
      return "timed out";
    case Status::cancelled:
      return "cancelled";
    case Status::out_of_memory:
      return "out of memory";
    case Status::internal:
      return "internal error";
    case Status::integrity:
      return "integrity error";
  }
  return fmt::format("unknown status {}", static_cast<int32_t>(status));
}

Status status_of_errno(int os_error) {
  switch (os_error) {
    case ENOENT:
    case ENOTDIR:
      return Status::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return Status::permission_denied;
    case ENOMEM:
      return Status::out_of_memory;
    case ETIMEDOUT:
      return Status::timed_out;
    case EOPNOTSUPP:
    case ENOSYS:
      return Status::unsupported;
    default:
      return Status::io_error;
  }
}

std::unexpected<Error> fail_errno(int os_error, std::string_view what) {
  return fail(status_of_errno(os_error),
              fmt::format("{}: {}", what, std::generic_category().message(os_error)), os_error);
}

}  // namespace coldload
