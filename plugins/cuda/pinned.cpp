#include "pinned.hpp"

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "coldload/cpp/chunks.hpp"

namespace coldload::cuda {
namespace {

constexpr uint64_t kHugePageBytes = uint64_t{2} << 20;
constexpr unsigned long kNodesMax = 1024;

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
  void* memory = ::mmap(nullptr, size_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    throw sdk::os_failure(errno, "mapping " + std::to_string(size_bytes_) + " bytes to pin");
  }
  (void)::madvise(memory, size_bytes_, MADV_HUGEPAGE);  // where the kernel has them
  auto* bytes = static_cast<std::byte*>(memory);
  for (uint64_t at = 0; at < size_bytes_; at += sdk::kPageBytes) {
    *static_cast<volatile std::byte*>(bytes + at) = std::byte{0};
  }
  const api::Result registered =
      device_.functions().cuMemHostRegister_v2(memory, size_bytes_, api::kHostRegisterPortable);
  if (registered == api::kSuccess) {
    data_ = bytes;
    return;
  }
  ::munmap(memory, size_bytes_);
  throw device_.driver().failure(registered,
                                 "cuMemHostRegister_v2 of " + std::to_string(size_bytes_) + " bytes");
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
