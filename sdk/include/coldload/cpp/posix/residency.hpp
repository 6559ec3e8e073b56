// How much of a file lies in the page cache: cachestat(2), else mincore(2), else "unknown".
//
// On overlayfs it is mincore(2) from the start: the pages are those of a layer's file, and cachestat() counts
// those of the overlay's own, of which there are none.
//
// For a file that the process neither owns nor may write, cachestat() says EPERM and mincore() says that
// every page is resident, always. The answer is then "unknown" and never a number.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "coldload/cpp/posix/descriptor.hpp"

namespace coldload::sdk::posix {

enum class ResidencyMethod { unknown, cachestat, mincore };
// mincore_only is for tests of the path that older kernels take.
enum class ResidencyChoice { any, mincore_only };

[[nodiscard]] constexpr const char* to_string(ResidencyMethod method) noexcept {
  switch (method) {
    case ResidencyMethod::cachestat:
      return "cachestat";
    case ResidencyMethod::mincore:
      return "mincore";
    default:
      return "unknown";
  }
}

struct Residency {
  ResidencyMethod method = ResidencyMethod::unknown;
  uint64_t resident_bytes = 0;  // At most the file's size; without meaning if unknown.
  int os_error = 0;             // Why unknown: EPERM where the answer would be a lie.
};

namespace detail {

// <linux/mman.h> has these from 6.5 on; the distribution's headers are older than the kernels we meet.
struct CachestatRange {
  uint64_t offset;
  uint64_t length;
};
struct Cachestat {
  uint64_t cached_pages;
  uint64_t dirty_pages;
  uint64_t writeback_pages;
  uint64_t evicted_pages;
  uint64_t recently_evicted_pages;
};
// The same on every architecture.
inline constexpr long kCachestatCall = 451;

// 0 or errno.
[[nodiscard]] inline int cachestat(int fd, uint64_t length, Cachestat& out) noexcept {
  CachestatRange range = {0, length};
  return ::syscall(kCachestatCall, fd, &range, &out, 0u) == 0 ? 0 : errno;
}

// Whether cachestat() looks where the file's pages are.
[[nodiscard]] inline bool cachestat_is_truthful(int fd) noexcept {
  constexpr uint64_t kOverlay = 0x794c7630;
  struct statfs mount = {};
  if (::fstatfs(fd, &mount) != 0) return false;
  return (static_cast<uint64_t>(mount.f_type) & 0xffffffffu) != kOverlay;
}

// The kernel's own condition for mincore() to tell the truth: owner or privileged, or may write. O_NOATIME is
// granted on exactly the first of the two.
[[nodiscard]] inline bool mincore_is_truthful(int fd) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  const Descriptor owned(::open(path, O_RDONLY | O_NOATIME | O_CLOEXEC));
  if (owned) return true;
  return ::faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

[[nodiscard]] inline Residency mincore_residency(int fd, uint64_t size_bytes) {
  constexpr uint64_t kWindowBytes = uint64_t{1} << 30;
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages(static_cast<size_t>(kWindowBytes / page));
  Residency result;
  result.method = ResidencyMethod::mincore;
  for (uint64_t offset = 0; offset < size_bytes; offset += kWindowBytes) {
    const uint64_t length = size_bytes - offset < kWindowBytes ? size_bytes - offset : kWindowBytes;
    void* map =
        ::mmap(nullptr, static_cast<size_t>(length), PROT_READ, MAP_SHARED, fd, static_cast<off_t>(offset));
    if (map == MAP_FAILED) return {ResidencyMethod::unknown, 0, errno};
    const int failed = ::mincore(map, static_cast<size_t>(length), pages.data()) == 0 ? 0 : errno;
    ::munmap(map, static_cast<size_t>(length));
    if (failed != 0) return {ResidencyMethod::unknown, 0, failed};
    for (uint64_t start = 0, i = 0; start < length; start += page, ++i) {
      if ((pages[static_cast<size_t>(i)] & 1u) != 0) {
        result.resident_bytes += length - start < page ? length - start : page;
      }
    }
  }
  return result;
}

}  // namespace detail

// Of the first `size_bytes` of the file behind `fd`, which any open mode may have but O_PATH. Reads nothing
// and makes nothing resident.
[[nodiscard]] inline Residency page_cache_residency(int fd, uint64_t size_bytes,
                                                    ResidencyChoice choice = ResidencyChoice::any) {
  // A length of 0 would mean "to the end" to cachestat().
  if (size_bytes == 0) return {ResidencyMethod::cachestat, 0, 0};
  if (choice == ResidencyChoice::any && detail::cachestat_is_truthful(fd)) {
    detail::Cachestat cachestat = {};
    if (detail::cachestat(fd, size_bytes, cachestat) == 0) {
      const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
      const uint64_t bytes = cachestat.cached_pages * page;
      return {ResidencyMethod::cachestat, bytes < size_bytes ? bytes : size_bytes, 0};
    }
  }
  if (!detail::mincore_is_truthful(fd)) return {ResidencyMethod::unknown, 0, EPERM};
  return detail::mincore_residency(fd, size_bytes);
}

}  // namespace coldload::sdk::posix
