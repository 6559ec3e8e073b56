// Where a strategy's bytes go in the kit: a job with a pool of guarded buffers, which looks at every byte,
// every range and every buffer, and fails where a check says so.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "coldload/strategy.h"
#include "core/conformance/kit_host.hpp"
#include "core/conformance/samples.hpp"
#include "core/conformance/source.hpp"
#include "core/run/coverage.hpp"

namespace coldload::conformance {

inline constexpr const char* kSinkFault = "a fault made by the conformance kit";

struct SinkSettings {
  std::span<const SampleFile> files;
  uint32_t buffer_factor = 1;             // times as many buffers as the strategy asked for
  uint64_t delivery_pause_us = 0;         // each delivery takes so long
  uint64_t fail_acquire_at = UINT64_MAX;  // the call that fails, from 0
  uint64_t fail_deliver_at = UINT64_MAX;  // deliver() and deliver_mapped() together
  uint64_t cancel_at = UINT64_MAX;        // the delivery at which the host says to stop
  bool measure_memory = false;            // at each delivery
};

// What a strategy did that it may not, by the contract that it breaks.
enum class Fault { coverage, bytes, buffers, requirements, late };

class Sink {
 public:
  // `host` and `source` outlive it.
  Sink(const SinkSettings& settings, const coldload_requirements& needs, const Source& source, KitHost& host);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  [[nodiscard]] const coldload_job& job() const { return job_; }
  // Between these two load() runs; calls outside of them are late.
  void open() { closed_ = false; }
  void close() { closed_ = true; }

  // "" or the first fault of this kind.
  [[nodiscard]] std::string fault(Fault kind) const;
  // "" or the first bytes that never came.
  [[nodiscard]] std::string gap() const;
  [[nodiscard]] uint64_t acquisitions() const { return acquisitions_; }
  [[nodiscard]] uint64_t deliveries() const { return deliveries_; }
  [[nodiscard]] size_t outstanding() const;
  [[nodiscard]] size_t delivering_threads() const;
  [[nodiscard]] uint64_t longest_range() const { return longest_range_; }
  // When `cancel_at` was reached; 0: it was not.
  [[nodiscard]] uint64_t cancelled_ns() const { return cancelled_ns_; }
  [[nodiscard]] uint64_t pool_bytes() const { return region_.length_bytes; }
  // The most anonymous memory seen at a delivery.
  [[nodiscard]] uint64_t anonymous_bytes_max() const { return anonymous_bytes_max_; }

  // Fills the pool and says whether anything still writes to it.
  [[nodiscard]] bool anything_arrives() const;

 private:
  struct Slot {
    bool out = false;
    coldload_buffer given{};
  };

  void make_pool(uint32_t count);
  [[nodiscard]] std::byte* slot_at(size_t index) const;
  [[nodiscard]] coldload_status acquire(uint32_t item, uint64_t offset, uint64_t length, coldload_buffer* out,
                                        coldload_error* error);
  [[nodiscard]] coldload_status deliver(const coldload_buffer& buffer, coldload_error* error);
  [[nodiscard]] coldload_status take(uint32_t item, uint64_t offset, uint64_t length, const void* data,
                                     coldload_error* error);
  void look_at_request(uint32_t item, uint64_t offset, uint64_t length);
  void look_at_bytes(uint32_t item, uint64_t offset, uint64_t length, const void* data);
  void look_at_marks(const Slot& slot);
  void complain(Fault kind, std::string text);
  [[nodiscard]] bool is_inside(uint32_t item, uint64_t offset, uint64_t length) const;

  SinkSettings settings_;
  coldload_requirements needs_;
  KitHost& host_;
  uint64_t alignment_bytes_;
  std::vector<std::string> contents_;  // "" of one that holds zeros
  std::vector<std::unique_ptr<Coverage>> coverage_;
  std::vector<std::vector<coldload_extent>> extents_;
  std::vector<coldload_item> items_;
  coldload_region region_{};
  coldload_job job_{};
  uint64_t slot_bytes_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Slot> slots_;
  std::map<Fault, std::string> faults_;
  std::set<int> threads_;
  std::atomic<bool> closed_{true};
  std::atomic<uint64_t> acquisitions_{0};
  std::atomic<uint64_t> deliveries_{0};
  std::atomic<uint64_t> longest_range_{0};
  std::atomic<uint64_t> cancelled_ns_{0};
  std::atomic<uint64_t> anonymous_bytes_max_{0};
};

}  // namespace coldload::conformance
