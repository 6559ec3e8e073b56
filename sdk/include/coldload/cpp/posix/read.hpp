// Reading exactly what was asked for, through short reads and interruptions.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace coldload::sdk::posix {

struct ReadResult {
  uint64_t bytes_read = 0;
  int os_error = 0;  // 0 with fewer bytes than asked for: the file ends there.
};

// Reads `length` bytes at `offset`. `request_bytes` is what the system is asked for: `length`, or more where
// the request must be aligned and the file ends earlier; `buffer` has room for it. Bytes past `length` are
// not counted.
[[nodiscard]] inline ReadResult read_exact(int fd, uint64_t offset, void* buffer, uint64_t length,
                                           uint64_t request_bytes) noexcept {
  // The kernel's own limit is just below 2 GiB; half of it keeps what remains aligned.
  constexpr uint64_t kCallBytesMax = uint64_t{1} << 30;
  ReadResult result;
  while (result.bytes_read < length) {
    const uint64_t rest = request_bytes - result.bytes_read;
    const auto count = static_cast<size_t>(rest < kCallBytesMax ? rest : kCallBytesMax);
    const ssize_t got = ::pread(fd, static_cast<char*>(buffer) + result.bytes_read, count,
                                static_cast<off_t>(offset + result.bytes_read));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) result.os_error = errno;
    if (got <= 0) return result;
    result.bytes_read += static_cast<uint64_t>(got);
  }
  if (result.bytes_read > length) result.bytes_read = length;
  return result;
}

[[nodiscard]] inline ReadResult read_exact(int fd, uint64_t offset, void* buffer, uint64_t length) noexcept {
  return read_exact(fd, offset, buffer, length, length);
}

// For a descriptor opened O_DIRECT: `offset` is a multiple of `alignment`, `length` may be odd where it ends
// the file. The system refuses an odd length even there, so the request is rounded up, and answered with the
// bytes there are.
[[nodiscard]] inline ReadResult read_exact_direct(int fd, uint64_t offset, void* buffer, uint64_t length,
                                                  uint64_t alignment) noexcept {
  const uint64_t request_bytes = (length + alignment - 1) / alignment * alignment;
  ReadResult result = read_exact(fd, offset, buffer, length, request_bytes);
  // A direct read that stops between two blocks has met the end of the file: going on from there is EINVAL,
  // which would hide that the file is too short.
  if (result.os_error == EINVAL && result.bytes_read % alignment != 0) result.os_error = 0;
  return result;
}

}  // namespace coldload::sdk::posix
