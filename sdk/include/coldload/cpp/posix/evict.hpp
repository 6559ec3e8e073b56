// Making the next read of a file cold.
#pragma once

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

namespace coldload::sdk::posix {

// Writes the file's dirty pages, then asks the kernel to drop its cached ones; works unprivileged, on a file
// opened for reading, on a read-only mount too. Returns 0 or errno. Pages that a process has mapped or locked
// stay, which only page_cache_residency() tells.
[[nodiscard]] inline int evict_pages(int fd) noexcept {
  while (::fdatasync(fd) != 0) {
    if (errno == EINTR) continue;
    const int failed = errno;
    struct statvfs mount = {};
    // Where nothing can be written nothing is dirty. Elsewhere dirty pages may remain, and would stay cached.
    const bool read_only = ::fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
    if (!read_only || (failed != EROFS && failed != EINVAL)) return failed;
    break;
  }
  return ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

}  // namespace coldload::sdk::posix
