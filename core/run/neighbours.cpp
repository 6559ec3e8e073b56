#include "core/run/neighbours.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"

namespace coldload {
namespace {

using FileId = std::pair<dev_t, ino_t>;
using DirectoryHandle = std::unique_ptr<DIR, decltype([](DIR* directory) { ::closedir(directory); })>;

std::set<FileId> ids_of(const std::vector<std::string>& paths) {
  std::set<FileId> ids;
  for (const std::string& path : paths) {
    struct stat about{};
    if (::stat(path.c_str(), &about) == 0) ids.emplace(about.st_dev, about.st_ino);
  }
  return ids;
}

std::optional<int> pid_from(std::string_view name) {
  int pid = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) return std::nullopt;
  return pid;
}

// Entries of /proc/PID/fd or /proc/PID/map_files are links to open files: stat follows them to the file
// itself.
std::optional<std::string> linked_file(const std::string& directory, const std::set<FileId>& wanted) {
  const DirectoryHandle handle(::opendir(directory.c_str()));
  if (!handle) return std::nullopt;
  while (const dirent* entry = ::readdir(handle.get())) {
    if (entry->d_name[0] == '.') continue;
    struct stat about{};
    if (::fstatat(::dirfd(handle.get()), entry->d_name, &about, 0) != 0) continue;
    if (!S_ISREG(about.st_mode) || !wanted.contains({about.st_dev, about.st_ino})) continue;
    char target[4096];
    const ssize_t length = ::readlinkat(::dirfd(handle.get()), entry->d_name, target, sizeof target);
    return length > 0 ? std::string(target, static_cast<size_t>(length)) : std::string(entry->d_name);
  }
  return std::nullopt;
}

std::string program_of(int pid) {
  auto name = read_small_file(fmt::format("/proc/{}/comm", pid), limits::kPageBytes);
  if (!name) return "?";
  while (!name->empty() && name->back() == '\n') name->pop_back();
  return *name;
}

struct Wanted {
  const std::vector<std::string>& paths;
  const std::set<FileId>& ids;
};

// One line of /proc/PID/maps: "7f…-7f… r--s 00000000 fd:00 1234   /models/a.safetensors".
bool is_wanted(std::string_view line, const Wanted& wanted) {
  const size_t path = line.find('/');
  if (path == std::string_view::npos) return false;
  // A file system with an anonymous device (btrfs, overlay) shows another device here than stat() does: there
  // the path counts.
  if (std::ranges::find(wanted.paths, line.substr(path)) != wanted.paths.end()) return true;
  const std::string fields(line.substr(0, path));
  unsigned device_major = 0;
  unsigned device_minor = 0;
  unsigned long inode = 0;
  if (std::sscanf(fields.c_str(), "%*s %*s %*s %x:%x %lu", &device_major, &device_minor, &inode) != 3)
    return false;
  return wanted.ids.contains({makedev(device_major, device_minor), inode});
}

// Text, not the links below map_files: following thousands of those costs a second on a busy machine.
std::optional<std::string> mapped_file(int pid, const Wanted& wanted) {
  const auto maps = read_small_file(fmt::format("/proc/{}/maps", pid), 64 * limits::kMiB);
  if (!maps) return std::nullopt;
  std::string_view rest = *maps;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size() - 1);
    const std::string_view line = rest.substr(0, end);
    if (is_wanted(line, wanted)) return std::string(line.substr(line.find('/')));
    rest.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace

std::optional<FileUser> find_file_user(const std::vector<std::string>& paths) {
  const std::set<FileId> wanted = ids_of(paths);
  if (wanted.empty()) return std::nullopt;
  const DirectoryHandle processes(::opendir("/proc"));
  if (!processes) return std::nullopt;
  const pid_t own_group = ::getpgrp();
  while (const dirent* entry = ::readdir(processes.get())) {
    const auto pid = pid_from(entry->d_name);
    if (!pid || *pid == ::getpid() || *pid == ::getppid() || ::getpgid(*pid) == own_group) continue;
    const std::string base = fmt::format("/proc/{}", *pid);
    if (auto path = mapped_file(*pid, {paths, wanted})) return FileUser{*pid, program_of(*pid), *path, true};
    if (auto path = linked_file(base + "/fd", wanted)) return FileUser{*pid, program_of(*pid), *path, false};
  }
  return std::nullopt;
}

std::string to_string(const FileUser& user) {
  return fmt::format("process {} ({}) {} {}", user.pid, user.program, user.maps ? "maps" : "holds open",
                     user.path);
}

}  // namespace coldload
