#include "mounted.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include "diagnosis.hpp"

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

std::optional<uint64_t> read_ahead_kib(const Mount& mount) {
  const std::string text = content_of("/sys/class/bdi/" + mount.device + "/read_ahead_kb");
  if (text.empty()) return std::nullopt;
  return std::strtoull(text.c_str(), nullptr, 10);
}

// What the mount does to a reader: as the kernel has it, not as it was asked for.
void record(const sdk::Host& host, const Mount& mount) {
  host.evidence("mount_source", mount.source);
  host.evidence("mount_options", mount.options);
  for (const char* name : {"vers", "rsize", "nconnect"}) {
    const std::string value = mount_option(mount.options, name);
    if (!value.empty()) host.evidence(name, value);
  }
  if (const auto kib = read_ahead_kib(mount)) host.evidence("read_ahead_kb", *kib);
}

}  // namespace

MountedBackend::MountedBackend(const sdk::Host& host, const std::string& path)
    : directory_(host, "path", path) {
  const uint64_t magic = magic_of(directory_.fd(), path);
  mount_ = mount_of_device(content_of("/proc/self/mountinfo"), device_of(directory_.fd(), path));
  if (const std::optional<sdk::Failure> refused = refusal(path, magic, mount_)) throw sdk::Failure(*refused);
  host.evidence("server", mount_ ? mount_->source.substr(0, mount_->source.find(":/")) : "");
  if (mount_) record(host, *mount_);
}

void MountedBackend::diagnose(sdk::Diagnosis& out) const {
  if (mount_) return tell_mounted(*mount_, read_ahead_kib(*mount_).value_or(0), out);
  out.warning("mount: unknown", "no line of /proc/self/mountinfo holds " + directory_.path(),
              "see whether /proc is mounted for this process");
}

}  // namespace coldload::nfs
