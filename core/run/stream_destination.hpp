// `stream`: a bounded pool of recycled buffers, touched before the clock. What is delivered is observed and
// forgotten.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "core/run/destination.hpp"

namespace coldload {

class StreamDestination final : public Destination {
 public:
  [[nodiscard]] Result<void> begin(std::span<const uint64_t> item_bytes, const BufferNeeds& needs) override;
  [[nodiscard]] const std::vector<coldload_region>& regions() const override { return regions_; }
  [[nodiscard]] Result<void> acquire(uint32_t item, uint64_t offset, uint64_t length,
                                     coldload_buffer& out) override;
  [[nodiscard]] Result<void> deliver(const coldload_buffer& buffer) override;
  [[nodiscard]] Result<void> deliver_mapped(uint32_t item, uint64_t offset, uint64_t length,
                                            const std::byte* data) override;
  [[nodiscard]] Result<void> finish() override { return {}; }
  void cancel() override;
  [[nodiscard]] size_t outstanding() const override;

 private:
  struct Slot {
    std::byte* data = nullptr;
    uint32_t region = COLDLOAD_NO_REGION;
    bool in_use = false;
    AcquiredRange range;
  };
  [[nodiscard]] Result<Slot> take_back(uint64_t token);
  void recycle(uint64_t token);
  [[nodiscard]] Result<void> copy_piece(uint32_t item, uint64_t offset, std::span<const std::byte> piece);

  uint64_t slot_bytes_ = 0;
  std::vector<Memory> memory_;
  std::vector<coldload_region> regions_;
  std::vector<Slot> slots_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<uint32_t> free_;  // a stack: the slot used last is still in the cache
  bool cancelled_ = false;
};

}  // namespace coldload
