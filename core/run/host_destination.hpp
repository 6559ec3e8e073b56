// `host`: the whole model resident in this process; its pages are touched by the load itself, inside the
// clock.
#pragma once

#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/run/destination.hpp"

namespace coldload {

class HostDestination final : public Destination {
 public:
  [[nodiscard]] Result<void> begin(std::span<const uint64_t> item_bytes, const BufferNeeds& needs) override;
  [[nodiscard]] const std::vector<coldload_region>& regions() const override { return regions_; }
  [[nodiscard]] Result<void> acquire(uint32_t item, uint64_t offset, uint64_t length,
                                     coldload_buffer& out) override;
  [[nodiscard]] Result<void> deliver(const coldload_buffer& buffer) override;
  [[nodiscard]] Result<void> deliver_mapped(uint32_t item, uint64_t offset, uint64_t length,
                                            const std::byte* data) override;
  [[nodiscard]] Result<void> finish() override { return {}; }
  void cancel() override { cancelled_ = true; }
  [[nodiscard]] size_t outstanding() const override;

 private:
  struct Item {
    Memory memory;
    uint32_t first_region = 0;
  };
  [[nodiscard]] uint32_t region_of(uint32_t item, uint64_t offset, uint64_t length) const;

  uint64_t region_bytes_ = 0;  // regions are cut at multiples of it from each item's start
  std::vector<Item> items_;
  std::vector<coldload_region> regions_;
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;
  uint64_t next_token_ = 0;
  std::unordered_map<uint64_t, AcquiredRange> out_;
};

}  // namespace coldload
