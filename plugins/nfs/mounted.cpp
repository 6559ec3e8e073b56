#include "mounted.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "mount.hpp"

namespace coldload::nfs {
namespace {

std::string content_of(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// An NFS server that is gone would hold statfs(2) for ever: the worker's time-out is the end of that.
uint64_t magic_of(int fd, const std::string& path) {
  struct statfs about = {};
  if (::fstatfs(fd, &about) != 0) throw sdk::os_failure(errno, "path " + path + ": statfs");
  return static_cast<uint64_t>(about.f_type);
}

std::string device_of(int fd, const std::string& path) {
  struct stat about = {};
  if (::fstat(fd, &about) != 0) throw sdk::os_failure(errno, "path " + path);
  return std::to_string(major(about.st_dev)) + ":" + std::to_string(minor(about.st_dev));
}

// What the mount does to a reader: as the kernel has it, not as it was asked for.
void record(const sdk::Host& host, const Mount& mount) {
  host.evidence("mount_source", mount.source);
  host.evidence("mount_options", mount.options);
  for (const char* name : {"vers", "rsize", "nconnect"}) {
    const std::string value = mount_option(mount.options, name);
    if (!value.empty()) host.evidence(name, value);
  }
  const std::string read_ahead = content_of("/sys/class/bdi/" + mount.device + "/read_ahead_kb");
  if (!read_ahead.empty())
    host.evidence("read_ahead_kb", uint64_t{std::strtoull(read_ahead.c_str(), nullptr, 10)});
}

}  // namespace

MountedBackend::MountedBackend(const sdk::Host& host, const std::string& path)
    : directory_(host, "path", path) {
  const uint64_t magic = magic_of(directory_.fd(), path);
  const std::optional<Mount> mount =
      mount_of_device(content_of("/proc/self/mountinfo"), device_of(directory_.fd(), path));
  if (const std::optional<sdk::Failure> refused = refusal(path, magic, mount)) throw sdk::Failure(*refused);
  host.evidence("server", mount ? mount->source.substr(0, mount->source.find(":/")) : "");
  if (mount) record(host, *mount);
}

}  // namespace coldload::nfs
