// One load as the strategy sees it: the C job table, and behind it everything that hangs on acquire and
// deliver: coverage, first byte, progress, latency, digest, pacing.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "coldload/ext/device_memory.h"
#include "coldload/strategy.h"
#include "core/base/result.hpp"
#include "core/model/digest.hpp"
#include "core/model/safetensors.hpp"
#include "core/run/coverage.hpp"
#include "core/run/destination.hpp"
#include "core/run/histogram.hpp"
#include "core/run/pacer.hpp"

namespace coldload {

struct LoadItem {
  std::string name;
  const coldload_object* object = nullptr;  // outlives the job
  uint64_t size_bytes = 0;
  std::vector<Extent> extents;
};

struct JobOptions {
  bool verify = false;                    // digest every byte inside deliver
  std::optional<uint64_t> max_bandwidth;  // bytes per second
  std::function<bool()> cancelled = [] { return false; };
};

class LoadJob {
 public:
  // `destination` has begun and outlives the job.
  LoadJob(std::vector<LoadItem> items, Destination& destination, JobOptions options);
  LoadJob(const LoadJob&) = delete;
  LoadJob& operator=(const LoadJob&) = delete;

  [[nodiscard]] const coldload_job& table() const { return table_; }
  // First and last byte are counted from here. [control-thread]
  void start_clock();

  // After load() returned OK: every byte once, every buffer back, no fault that the strategy kept to itself.
  [[nodiscard]] Result<void> check_complete() const;

  [[nodiscard]] uint64_t requested_bytes() const { return requested_bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t delivered_bytes() const { return delivered_bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] const Histogram& latency() const { return latency_; }

  struct ItemTimes {
    std::optional<uint64_t> first_ns;  // since start_clock()
    std::optional<uint64_t> last_ns;
  };
  [[nodiscard]] ItemTimes times(size_t item) const;
  // Of a verified, complete load.
  [[nodiscard]] Result<Digest> digest(size_t item) const;
  [[nodiscard]] const std::vector<LoadItem>& items() const { return items_; }

 private:
  struct ItemState {
    explicit ItemState(uint64_t size_bytes) : coverage(size_bytes) {}
    Coverage coverage;
    std::unique_ptr<RangeDigest> digest;
    std::atomic<uint64_t> first_ns{UINT64_MAX};
    std::atomic<uint64_t> last_ns{0};
  };

  [[nodiscard]] Result<void> acquire(uint32_t item, uint64_t offset, uint64_t length, coldload_buffer& out);
  [[nodiscard]] Result<void> deliver(const coldload_buffer& buffer);
  [[nodiscard]] Result<void> deliver_mapped(uint32_t item, uint64_t offset, uint64_t length,
                                            const void* data);
  [[nodiscard]] Result<void> check_range(uint32_t item, uint64_t offset, uint64_t length) const;
  [[nodiscard]] Result<void> placed(uint32_t item, uint64_t offset, uint64_t length);
  [[nodiscard]] Result<void> landed(uint32_t item, uint64_t offset, uint64_t length);
  coldload_status note(Result<void> result, coldload_error* error);

  friend struct PlacingEntries;  // of COLDLOAD_HOST_EXT_PLACING
  static coldload_status acquire_entry(const coldload_job* job, uint32_t item, uint64_t offset,
                                       uint64_t length, coldload_buffer* out, coldload_error* error) noexcept;
  static coldload_status deliver_entry(const coldload_job* job, const coldload_buffer* buffer,
                                       coldload_error* error) noexcept;
  static coldload_status deliver_mapped_entry(const coldload_job* job, uint32_t item, uint64_t offset,
                                              uint64_t length, const void* data,
                                              coldload_error* error) noexcept;

  std::vector<LoadItem> items_;
  Destination& destination_;
  JobOptions options_;
  Pacer pacer_;
  std::vector<std::unique_ptr<ItemState>> states_;
  std::vector<std::vector<coldload_extent>> extent_tables_;
  std::vector<coldload_item> item_table_;
  coldload_job table_{};
  Histogram latency_;
  std::atomic<uint64_t> requested_bytes_{0};
  std::atomic<uint64_t> delivered_bytes_{0};
  uint64_t clock_start_ns_ = 0;
  mutable std::mutex fault_mutex_;
  std::optional<Error> fault_;
};

// COLDLOAD_HOST_EXT_PLACING, of every job.
[[nodiscard]] const coldload_placing_ops& placing_extension();

}  // namespace coldload
