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

Result<Memory> Memory::map(uint64_t length_bytes) {
  const uint64_t rounded = round_up(length_bytes, limits::kPageBytes);
  void* mapped = ::mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    return fail(Status::out_of_memory, fmt::format("no memory for {} of buffers", format_bytes(rounded)),
                errno);
  }
  Memory memory;
  memory.data_ = static_cast<std::byte*>(mapped);
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
