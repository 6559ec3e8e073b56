#include "core/run/memory.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <utility>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace coldload {

Memory::Memory(Memory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

Memory::~Memory() {
  if (data_ != nullptr) ::munmap(data_, size_bytes_);
}

// Aligned and in whole huge pages, where the kernel has them: into scattered pages one 1 MiB direct read
// becomes two to seven device requests, by chance: a noise of the buffer's, not of the storage. Where it has
// none, nothing changes.
Result<Memory> Memory::map(uint64_t length_bytes) {
  constexpr uint64_t kHugePageBytes = uint64_t{2} << 20;
  const uint64_t rounded = round_up(length_bytes, kHugePageBytes);
  const uint64_t reserved = rounded + kHugePageBytes;
  void* mapped = ::mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    return fail(Status::out_of_memory, fmt::format("no memory for {} of buffers", format_bytes(rounded)),
                errno);
  }
  auto* const begin = static_cast<std::byte*>(mapped);
  const uint64_t address = reinterpret_cast<uintptr_t>(begin);
  const uint64_t before = round_up(address, kHugePageBytes) - address;
  if (before != 0) ::munmap(begin, before);
  if (reserved != before + rounded) ::munmap(begin + before + rounded, reserved - before - rounded);
  (void)::madvise(begin + before, rounded, MADV_HUGEPAGE);
  Memory memory;
  memory.data_ = begin + before;
  memory.size_bytes_ = rounded;
  return memory;
}

void Memory::touch() const {
  for (uint64_t at = 0; at < size_bytes_; at += limits::kPageBytes) {
    // Volatile: the value never matters, the fault does.
    *static_cast<volatile std::byte*>(data_ + at) = std::byte{0};
  }
}

}  // namespace coldload
