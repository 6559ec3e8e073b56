#include "pinned.hpp"

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "coldload/cpp/chunks.hpp"

namespace coldload::cuda {
namespace {

constexpr uint64_t kHugePageBytes = uint64_t{2} << 20;
constexpr unsigned long kNodesMax = 1024;

// On the boundary of a huge page, and nothing beside it; null with errno set where it cannot be had.
std::byte* map_aligned(uint64_t length_bytes) {
  const uint64_t reserved = length_bytes + kHugePageBytes;
  void* memory = ::mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::byte*>(memory);
  const auto address = reinterpret_cast<uintptr_t>(begin);
  const uint64_t lead = sdk::round_up(address, kHugePageBytes) - address;
  if (lead != 0) ::munmap(begin, lead);
  if (lead != kHugePageBytes) ::munmap(begin + lead + length_bytes, kHugePageBytes - lead);
  return begin + lead;
}

// A mapping's first line of smaps, "7f0000000000-7f0000200000 rw-p …", overlaps what is asked for.
bool overlaps(const std::string& line, uint64_t begin, uint64_t end) {
  uint64_t from = 0;
  uint64_t to = 0;
  const char* const text_end = line.data() + line.size();
  const auto first = std::from_chars(line.data(), text_end, from, 16);
  if (first.ec != std::errc{} || first.ptr == text_end || *first.ptr != '-') return false;
  const auto second = std::from_chars(first.ptr + 1, text_end, to, 16);
  return second.ec == std::errc{} && from < end && begin < to;
}

}  // namespace

// Preferred, not bound: a full node is no reason to fail. Without libnuma, whose only use here this would be.
NearNode::NearNode(std::optional<uint32_t> node) {
  constexpr uint32_t kBits = 64;
  if (!node || *node >= kNodesMax) return;
  if (::syscall(SYS_get_mempolicy, &mode_before_, nodes_before_, kNodesMax, nullptr, 0) != 0) return;
  unsigned long mask[kNodesMax / kBits] = {};
  mask[*node / kBits] = 1ul << (*node % kBits);
  placed_ = ::syscall(SYS_set_mempolicy, MPOL_PREFERRED, mask, kNodesMax) == 0;
}

NearNode::~NearNode() {
  if (placed_) ::syscall(SYS_set_mempolicy, mode_before_, nodes_before_, kNodesMax);
}

PinnedMemory::PinnedMemory(const Device& device, uint64_t length_bytes, Pinning pinning, uint64_t& lost_bytes)
    : device_(device),
      pinning_(pinning),
      lost_bytes_(lost_bytes),
      size_bytes_(sdk::round_up(length_bytes, kHugePageBytes)) {
  if (pinning_ == Pinning::registered) {
    map_and_register();
    return;
  }
  void* memory = nullptr;
  device_.driver().check(device_.functions().cuMemHostAlloc(&memory, size_bytes_, api::kHostAllocPortable),
                         "cuMemHostAlloc of " + std::to_string(size_bytes_) + " bytes of pinned memory");
  data_ = static_cast<std::byte*>(memory);
}

void PinnedMemory::map_and_register() {
  std::byte* const bytes = map_aligned(size_bytes_);
  if (bytes == nullptr) {
    throw sdk::os_failure(errno, "mapping " + std::to_string(size_bytes_) + " bytes to pin");
  }
  (void)::madvise(bytes, size_bytes_, MADV_HUGEPAGE);  // where the kernel has them
  for (uint64_t at = 0; at < size_bytes_; at += sdk::kPageBytes) {
    *static_cast<volatile std::byte*>(bytes + at) = std::byte{0};
  }
  const api::Result registered =
      device_.functions().cuMemHostRegister_v2(bytes, size_bytes_, api::kHostRegisterPortable);
  if (registered == api::kSuccess) {
    data_ = bytes;
    return;
  }
  ::munmap(bytes, size_bytes_);
  throw device_.driver().failure(registered,
                                 "cuMemHostRegister_v2 of " + std::to_string(size_bytes_) + " bytes");
}

uint64_t PinnedMemory::huge_page_bytes() const {
  constexpr std::string_view kHuge = "AnonHugePages:";
  const auto begin = reinterpret_cast<uintptr_t>(data_);
  std::ifstream in("/proc/self/smaps");
  uint64_t huge_kib = 0;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    const bool field = !line.empty() && std::isupper(static_cast<unsigned char>(line.front())) != 0;
    if (!field) inside = overlaps(line, begin, begin + size_bytes_);
    if (!inside || line.compare(0, kHuge.size(), kHuge) != 0) continue;
    huge_kib += std::strtoull(line.c_str() + kHuge.size(), nullptr, 10);
  }
  // The kernel may have joined the mapping with its neighbours.
  return std::min(huge_kib * 1024, size_bytes_);
}

PinnedMemory::PinnedMemory(PinnedMemory&& other) noexcept
    : device_(other.device_),
      pinning_(other.pinning_),
      lost_bytes_(other.lost_bytes_),
      data_(std::exchange(other.data_, nullptr)),
      size_bytes_(other.size_bytes_) {}

PinnedMemory::~PinnedMemory() {
  if (data_ == nullptr) return;
  const api::Functions& functions = device_.functions();
  const bool given_back = pinning_ == Pinning::alloc ? functions.cuMemFreeHost(data_) == api::kSuccess
                                                     : functions.cuMemHostUnregister(data_) == api::kSuccess;
  if (!given_back) lost_bytes_ += size_bytes_;
  // Still the device's: unmapping it would let it read what lies there next.
  if (given_back && pinning_ == Pinning::registered) ::munmap(data_, size_bytes_);
}

}  // namespace coldload::cuda
