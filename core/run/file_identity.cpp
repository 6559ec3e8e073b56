#include "core/run/file_identity.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

namespace coldload {
namespace {

constexpr uint64_t kFuse = 0x65735546;

int64_t nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// A FUSE daemon may number a file anew whenever the kernel forgot it.
bool has_lasting_numbers(int fd) {
  struct statfs about{};
  return ::fstatfs(fd, &about) == 0 && static_cast<uint64_t>(about.f_type) != kFuse;
}

}  // namespace

std::optional<FileIdentity> identity_of(int fd) {
  struct stat about{};
  if (::fstat(fd, &about) != 0) return std::nullopt;
  FileIdentity identity;
  if (has_lasting_numbers(fd)) {
    identity.device = fmt::format("{}:{}", major(about.st_dev), minor(about.st_dev));
    identity.inode = about.st_ino;
  }
  identity.modified_ns = nanoseconds(about.st_mtim);
  identity.changed_ns = nanoseconds(about.st_ctim);
  return identity;
}

std::string what_changed(const FileIdentity& before, const FileIdentity& now) {
  if (before.device != now.device || before.inode != now.inode) return "was replaced";
  if (before.modified_ns != now.modified_ns) return "was written to";
  // Whoever sets mtime back to hide a change cannot set ctime.
  if (before.changed_ns != now.changed_ns) return "was changed (its ctime moved, its mtime did not)";
  return {};
}

std::vector<std::optional<FileIdentity>> identities_of(const Objects& objects) {
  std::vector<std::optional<FileIdentity>> files;
  for (const auto& object : objects) {
    files.push_back(object->can(COLDLOAD_CAN_FD) ? identity_of(object->info().fd) : std::nullopt);
  }
  return files;
}

Result<void> check_unchanged(const Objects& objects, const std::vector<ModelObject>& items,
                             const std::vector<std::optional<FileIdentity>>& before) {
  for (size_t i = 0; i < objects.size(); ++i) {
    const auto& file = before[i];
    if (!file) continue;
    const auto now = identity_of(objects[i]->info().fd);
    const std::string changed = now ? what_changed(*file, *now) : std::string();
    if (changed.empty()) continue;
    return fail(Status::integrity, fmt::format("integrity: {} {} while it was loaded: load it again once "
                                               "nothing writes there",
                                               items[i].name, changed));
  }
  return {};
}

}  // namespace coldload
