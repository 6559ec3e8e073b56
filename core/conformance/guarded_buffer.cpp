#include "core/conformance/guarded_buffer.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "core/base/limits.hpp"
#include "core/run/memory.hpp"

namespace coldload::conformance {
namespace {

constexpr uint64_t kMarkBytes = 64 * limits::kKiB;
constexpr auto kMark = std::byte{0xC5};

}  // namespace

GuardedBuffer::GuardedBuffer(uint64_t offset, uint64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {
  map_bytes_ = 2 * kMarkBytes + limits::kPageBytes + round_up(capacity_bytes, limits::kPageBytes);
  void* map = ::mmap(nullptr, map_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) throw std::bad_alloc();
  map_ = static_cast<std::byte*>(map);
  data_ = map_ + kMarkBytes + offset % limits::kPageBytes;
  std::fill(map_, data_, kMark);
  std::fill(data_ + capacity_bytes_, map_ + map_bytes_, kMark);
}

GuardedBuffer::~GuardedBuffer() {
  ::munmap(map_, map_bytes_);
}

void GuardedBuffer::fill(unsigned char value) const {
  std::memset(data_, value, capacity_bytes_);
}

std::string GuardedBuffer::trespass() const {
  const auto is_gone = [](std::byte byte) { return byte != kMark; };
  const std::byte* past = data_ + capacity_bytes_;
  const std::byte* end = map_ + map_bytes_;
  if (const std::byte* gone = std::find_if(past, end, is_gone); gone != end) {
    return fmt::format("wrote past the {} bytes it was given: {} bytes, the first {} past the end",
                       capacity_bytes_, std::count_if(past, end, is_gone), gone - past);
  }
  if (std::find_if(map_, data_, is_gone) != data_) {
    return fmt::format("wrote {} bytes before the buffer", std::count_if(map_, data_, is_gone));
  }
  return {};
}

}  // namespace coldload::conformance
