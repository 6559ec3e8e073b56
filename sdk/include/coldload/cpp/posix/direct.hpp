// What direct I/O on a file needs, found without reading from it.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace coldload::sdk::posix {

struct DirectAlignment {
  bool supported = false;
  uint32_t memory_bytes = 0;  // Of buffers' addresses.
  uint32_t offset_bytes = 0;  // Of offsets and lengths.
};

// tmpfs, ramfs and hugetlbfs: the page cache is all there is, so nothing can bypass it or be dropped from it,
// though recent kernels accept O_DIRECT there.
[[nodiscard]] inline bool lives_in_memory(int fd) noexcept {
  constexpr uint64_t kTmpfs = 0x01021994;
  constexpr uint64_t kRamfs = 0x858458f6;
  constexpr uint64_t kHugetlbfs = 0x958458f6;
  struct statfs mount = {};
  if (::fstatfs(fd, &mount) != 0) return false;
  const uint64_t type = static_cast<uint64_t>(mount.f_type) & 0xffffffffu;
  return type == kTmpfs || type == kRamfs || type == kHugetlbfs;
}

namespace detail {

// struct statx as the kernel lays it out; the C library's lacks the two fields we are after.
struct StatxDirect {
  uint32_t mask;
  uint32_t before[37];
  uint32_t memory_bytes;  // At byte 152.
  uint32_t offset_bytes;
  uint64_t after[12];
};
static_assert(sizeof(StatxDirect) == 256 && offsetof(StatxDirect, memory_bytes) == 152,
              "the kernel's layout");

}  // namespace detail

// Of a descriptor that was opened O_DIRECT; that it could be is the first half of the answer. STATX_DIOALIGN
// gives the second where the kernel (6.1) and the file system tell, else 4096 serves every device with blocks
// of up to a page.
[[nodiscard]] inline DirectAlignment direct_alignment(int fd) noexcept {
  constexpr uint32_t kStatxDioAlign = 0x2000;
  constexpr uint32_t kAssumedBytes = 4096;
  if (lives_in_memory(fd)) return {};
  detail::StatxDirect statx = {};
  const bool told = ::syscall(SYS_statx, fd, "", AT_EMPTY_PATH, kStatxDioAlign, &statx) == 0 &&
                    (statx.mask & kStatxDioAlign) != 0;
  if (!told) return {true, kAssumedBytes, kAssumedBytes};
  // Zeros: this very file does not take direct I/O (encrypted, journalled, …), O_DIRECT or not.
  if (statx.memory_bytes == 0 || statx.offset_bytes == 0) return {};
  return {true, statx.memory_bytes, statx.offset_bytes};
}

}  // namespace coldload::sdk::posix
