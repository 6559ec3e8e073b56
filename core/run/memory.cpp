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

// A direct read into scattered pages is cut where the device's list of segments is full: 1 MiB is 256 pages,
// a virtual disk may take 254. Whether that happens would be the buffer's luck, not the storage's.
Result<Memory> Memory::map(uint64_t length_bytes) {
  const uint64_t rounded = round_up(length_bytes, limits::kPageBytes);
  const uint64_t reserved = rounded + limits::kHugePageBytes;
  void* mapped = ::mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    return fail(Status::out_of_memory, fmt::format("no memory for {} of buffers", format_bytes(rounded)),
                errno);
  }
  auto* const begin = static_cast<std::byte*>(mapped);
  const auto address = reinterpret_cast<uintptr_t>(begin);
  const uint64_t lead = round_up(address, limits::kHugePageBytes) - address;
  const uint64_t rest = reserved - lead - rounded;
  if (lead != 0) ::munmap(begin, lead);
  if (rest != 0) ::munmap(begin + lead + rounded, rest);
  // Refused by a kernel without them; the result document says whether it has them (`transparent_hugepages`).
  (void)::madvise(begin + lead, rounded, MADV_HUGEPAGE);
  Memory memory;
  memory.data_ = begin + lead;
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
