#include "core/run/provision_room.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "coldload/backend.h"
#include "core/base/units.hpp"
#include "core/plugin/options.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;

Result<void> check_writable(const fs::path& directory) {
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  const int failed = errno;
  return fail(failed == EACCES ? Status::permission_denied : Status::io_error,
              fmt::format("{} may not be written ({}): name a directory of this user's, or mount it writable",
                          directory.string(), std::generic_category().message(failed)));
}

// The last directory on the way to `path` that is there.
fs::path deepest(const fs::path& root, const fs::path& path) {
  fs::path at = root;
  std::error_code error;
  for (const fs::path& part : path.parent_path()) {
    if (!fs::is_directory(at / part, error)) break;
    at /= part;
  }
  return at;
}

}  // namespace

ProvisionRoom::ProvisionRoom(const Registry& registry) {
  const auto staged = registry.find(COLDLOAD_KIND_BACKEND, "staged");
  for (uint32_t i = 0; staged && i < staged->table->option_count; ++i) {
    const coldload_option& option = option_at(*staged->table, i);
    if (std::string_view(option.name) != "reserve") continue;
    reserve_bytes_ = parse_bytes(option.default_value).value_or(0);
  }
}

Result<void> ProvisionRoom::take(const std::string& root, const std::string& path, uint64_t bytes,
                                 uint64_t passing_bytes) {
  std::error_code error;
  if (!fs::is_directory(root, error)) {
    return fail(Status::not_found,
                fmt::format("{}: no such directory: make it, or name one that is there", root));
  }
  if (auto writable = check_writable(deepest(root, path)); !writable) return writable;
  struct stat status{};
  struct statvfs about{};
  if (::stat(root.c_str(), &status) != 0 || ::statvfs(root.c_str(), &about) != 0)
    return fail_errno(errno, root);
  const uint64_t free_bytes = static_cast<uint64_t>(about.f_bavail) * about.f_frsize;
  uint64_t& taken = taken_bytes_[status.st_dev];
  const uint64_t wanted = taken + bytes + passing_bytes;
  if (wanted + reserve_bytes_ > free_bytes) {
    const std::string made = passing_bytes == 0 ? "" : " and as much while it is made";
    const std::string others =
        taken == 0 ? "" : fmt::format(", after {} of others", format_bytes_decimal(taken));
    return fail(
        Status::io_error,
        fmt::format("{}: no room: the model takes {}{}{}, {} stay free, and {} are: make room, or name "
                    "another directory",
                    root, format_bytes_decimal(bytes), made, others, format_bytes(reserve_bytes_),
                    format_bytes_decimal(free_bytes)));
  }
  taken += bytes;
  return {};
}

}  // namespace coldload
