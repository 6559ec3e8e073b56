#include "surroundings.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <vector>

#include "coldload/cpp/posix/descriptor.hpp"
#include "coldload/cpp/posix/direct.hpp"

namespace coldload::local {
namespace {

// Blanks and backslashes in a path are written as \040 and the like.
std::string unescaped(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool lies_below(const std::string& path, const std::string& point) {
  if (point == "/" || path == point) return true;
  return path.size() > point.size() && path.compare(0, point.size(), point) == 0 && path[point.size()] == '/';
}

std::string gigabytes(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB", static_cast<double>(bytes) * 1e-9);
  return text;
}

std::string path_of(int fd) {
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), path, sizeof path);
  return length < 0 ? std::string() : std::string(path, static_cast<size_t>(length));
}

// Of the mount or of the file system.
bool is_read_only(int fd) {
  struct statvfs mount = {};
  return ::fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

void tell_mount(const sdk::posix::Directory& directory, sdk::Diagnosis& out) {
  const auto mount = mount_holding(content_of("/proc/self/mountinfo"), path_of(directory.fd()));
  if (!mount) {
    out.warning("mount: unknown", "no line of /proc/self/mountinfo holds " + directory.path(),
                "see whether /proc is mounted for this process");
    return;
  }
  const std::string text = "mount: " + mount->type + " at " + mount->point + ", from " + mount->source +
                           ", " + (is_read_only(directory.fd()) ? "read-only" : "writable");
  // Opened to ask: an O_PATH descriptor is not enough for fstatfs() on older kernels.
  const sdk::posix::Descriptor opened(::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened && sdk::posix::lives_in_memory(opened.get())) {
    out.warning(text, "it lives in memory: its files are never cold, so cold cases are unprovable",
                "put the model on a disk or a network mount");
    return;
  }
  out.ok(text);
}

void tell_space(const sdk::posix::Directory& directory, sdk::Diagnosis& out) {
  struct statvfs space = {};
  if (::fstatvfs(directory.fd(), &space) != 0) return;
  const uint64_t free_bytes = static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
  const uint64_t all_bytes = static_cast<uint64_t>(space.f_blocks) * space.f_frsize;
  out.ok("space: " + gigabytes(free_bytes) + " of " + gigabytes(all_bytes) + " free");
}

// By the backing device info, which network and FUSE mounts have too.
void tell_read_ahead(const sdk::posix::Directory& directory, sdk::Diagnosis& out) {
  struct stat status = {};
  if (::fstat(directory.fd(), &status) != 0) return;
  const std::string bdi = "/sys/class/bdi/" + std::to_string(major(status.st_dev)) + ":" +
                          std::to_string(minor(status.st_dev)) + "/read_ahead_kb";
  uint64_t kib = 0;
  if (!(std::istringstream(content_of(bdi)) >> kib)) return;
  if (kib != 0) {
    out.ok("read-ahead: " + std::to_string(kib) + " KiB");
    return;
  }
  out.warning("read-ahead: off", "one thread that reads front to back waits for every request",
              "echo 128 > " + bdi + ", as root");
}

void tell_model(const sdk::posix::Directory& directory, const std::string& prefix, sdk::Diagnosis& out) {
  if (prefix.empty()) return;
  sdk::posix::check_key(prefix, sdk::posix::KeyUse::prefix);
  const std::string shown = directory.path() + "/" + prefix;
  struct stat status = {};
  if (::fstatat(directory.fd(), prefix.c_str(), &status, 0) != 0) {
    // What is not there is for the host to tell: the target of a copy need not have it.
    if (errno == ENOENT) return;
    out.warning("model's directory: not to be seen", shown + ": " + std::generic_category().message(errno),
                "make every directory on the way to it one that this user may enter");
  } else if (!S_ISDIR(status.st_mode)) {
    out.error("model's directory: is none", shown + " is a file", "name the directory that holds the shards");
  } else {
    out.ok("model's directory: " + shown);
  }
}

}  // namespace

std::optional<MountLine> mount_holding(const std::string& mountinfo, const std::string& path) {
  std::optional<MountLine> best;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream text(line);
    const std::vector<std::string> words{std::istream_iterator<std::string>(text), {}};
    size_t dash = 6;
    while (dash < words.size() && words[dash] != "-") ++dash;
    if (dash + 2 >= words.size()) continue;
    const std::string point = unescaped(words[4]);
    if (!lies_below(path, point) || (best && point.size() < best->point.size())) continue;
    best = MountLine{point, words[dash + 1], unescaped(words[dash + 2])};
  }
  return best;
}

void diagnose_directory(const sdk::posix::Directory& directory, const std::string& prefix,
                        sdk::Diagnosis& out) {
  tell_mount(directory, out);
  tell_space(directory, out);
  tell_read_ahead(directory, out);
  tell_model(directory, prefix, out);
}

}  // namespace coldload::local
