#include "core/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <utility>

#include "core/base/units.hpp"

namespace coldload {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  reset();
}

int Descriptor::release() {
  return std::exchange(fd_, -1);
}

void Descriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<std::string> read_small_file(const std::filesystem::path& path, uint64_t bytes_max) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "<stdin>" : path.string();
  // Non-blocking, or opening a FIFO nobody writes to would hang before fstat can refuse or read it.
  const Descriptor file(standard_input ? ::dup(STDIN_FILENO)
                                       : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return fail_errno(errno, name);
  struct stat about{};
  if (::fstat(file.get(), &about) != 0) return fail_errno(errno, name);
  if (S_ISDIR(about.st_mode)) return fail(Status::invalid_option, name + ": is a directory, expected a file");
  if (S_ISBLK(about.st_mode) || (S_ISCHR(about.st_mode) && !standard_input)) {
    return fail(Status::invalid_option, name + ": is a device, expected a file");
  }
  if (!standard_input) {
    const int flags = ::fcntl(file.get(), F_GETFL);
    if (flags < 0 || ::fcntl(file.get(), F_SETFL, flags & ~O_NONBLOCK) != 0) return fail_errno(errno, name);
  }

  std::string content;
  char block[65536];
  while (true) {
    const ssize_t count = ::read(file.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, name);
    if (count == 0) return content;
    content.append(block, static_cast<size_t>(count));
    if (content.size() > bytes_max) {
      return fail(Status::invalid_option,
                  fmt::format("{}: larger than the limit of {}", name, format_bytes(bytes_max)));
    }
  }
}

Result<void> write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, "write");
    content.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  const std::string temporary = fmt::format("{}.{}.partial", path.string(), ::getpid());
  const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.valid()) return fail_errno(errno, temporary);
  auto written = write_all(file.get(), content);
  if (written && ::fsync(file.get()) != 0) written = fail_errno(errno, "fsync");
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = fail_errno(errno, "rename");
  if (!written) {
    ::unlink(temporary.c_str());
    return fail(written.error().status, fmt::format("{}: {}", path.string(), written.error().message),
                written.error().os_error);
  }
  return {};
}

uint64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace coldload
