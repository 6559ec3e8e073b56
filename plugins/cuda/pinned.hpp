// Pinned host memory: pages that the GPU reads by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "device.hpp"

namespace coldload::cuda {

enum class Pinning {
  alloc,      // by the driver (cuMemHostAlloc)
  registered  // ours, in huge pages where the kernel has them, then registered (cuMemHostRegister)
};

// While it lives, memory that the calling thread touches first comes from `node`, where the kernel lets us
// say so.
class NearNode {
 public:
  explicit NearNode(std::optional<uint32_t> node);
  ~NearNode();
  NearNode(const NearNode&) = delete;
  NearNode& operator=(const NearNode&) = delete;
  [[nodiscard]] bool placed() const { return placed_; }

 private:
  bool placed_ = false;
  int mode_before_ = 0;
  unsigned long nodes_before_[16] = {};  // as many as any kernel has
};

// Page-aligned, every page present. Moved-from: empty. What the driver refuses to take back is counted, not
// thrown: `lost_bytes` is the owner's.
class PinnedMemory {
 public:
  // `lost_bytes` outlives it.
  PinnedMemory(const Device& device, uint64_t length_bytes, Pinning pinning, uint64_t& lost_bytes);
  PinnedMemory(PinnedMemory&& other) noexcept;
  PinnedMemory& operator=(PinnedMemory&& other) = delete;
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  ~PinnedMemory();

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }
  // Of pages that are ours: what of it the kernel gave in huge ones (/proc/self/smaps).
  [[nodiscard]] uint64_t huge_page_bytes() const;

 private:
  void map_and_register();

  const Device& device_;
  Pinning pinning_;
  uint64_t& lost_bytes_;
  std::byte* data_ = nullptr;
  uint64_t size_bytes_ = 0;
};

}  // namespace coldload::cuda
