// The pinned buffers and their way to the GPU: handed out, copied asynchronously, handed out again once their
// copy's event has fired.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "coldload/cpp/host.hpp"
#include "coldload/destination.h"
#include "handles.hpp"
#include "pinned.hpp"
#include "timeline.hpp"

namespace coldload::cuda {

struct RingShape {
  uint64_t buffer_bytes = 0;  // of one buffer; a page more is spare
  uint32_t buffers = 0;
  uint32_t streams = 0;
  Pinning pinning = Pinning::alloc;
};

// What became of the time. Nothing of copies and reading where the load had too many to keep account of.
struct RingTimes {
  std::optional<uint64_t> copying_ns;  // at least one copy ran
  std::optional<uint64_t> hidden_ns;   // … while some buffer was being filled
  uint64_t waited_ns = 0;              // for a free buffer, all threads together
  uint64_t copied_bytes = 0;
  uint64_t copies = 0;
};

class Ring {
 public:
  // `lost_bytes` gets what pinned memory the driver did not take back; it and `device` outlive the ring.
  Ring(sdk::Host host, const Device& device, const RingShape& shape, uint64_t& lost_bytes);
  // Waits for every copy under way. [control-thread]
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] const std::vector<coldload_region>& regions() const { return regions_; }
  // What of pages of our own lies in huge ones, and all of it.
  [[nodiscard]] uint64_t huge_page_bytes() const;
  [[nodiscard]] uint64_t size_bytes() const;
  [[nodiscard]] uint32_t buffer_count() const { return static_cast<uint32_t>(slots_.size()); }

  struct Buffer {
    uint32_t number = 0;
    uint32_t region = 0;
    std::byte* data = nullptr;    // page-aligned
    uint64_t capacity_bytes = 0;  // the spare page included
  };
  // Waits while none is free; throws COLDLOAD_CANCELLED after cancel(), or the failure of an earlier copy.
  // [worker-thread]
  [[nodiscard]] Buffer take();
  // Starts the copy of `length` bytes at `from`, which lie in the buffer `number`. The buffer is the ring's
  // again, even when this throws. [worker-thread]
  void send(uint32_t number, api::DevicePointer to, const std::byte* from, uint64_t length);
  // Copies from memory that is not pinned, on this thread, and returns when it has arrived. [worker-thread]
  void send_pageable(api::DevicePointer to, const void* from, uint64_t length);

  // Returns when every copy has arrived; throws the first that failed. [control-thread]
  void drain();
  void cancel() noexcept;  // [any-thread]

  // After drain(). [control-thread]
  [[nodiscard]] RingTimes times() const;

 private:
  struct Slot {
    std::byte* data;
    uint32_t region;
    EventHandle done;
    uint64_t length = 0;
    uint64_t sent_ns = 0;
  };
  void make_slots(const RingShape& shape, uint64_t& lost_bytes);
  void recycle_when_done();
  void wait_for(uint32_t number);
  void note_failure(const sdk::Failure& failure);
  void note_copy(uint64_t begin_ns, uint64_t end_ns, uint64_t length);
  void let_go(uint64_t now_ns);

  sdk::Host host_;
  const Device& device_;
  uint64_t slot_bytes_ = 0;
  std::vector<PinnedMemory> memory_;
  std::vector<coldload_region> regions_;
  std::vector<StreamHandle> streams_;
  std::vector<Slot> slots_;
  std::atomic<uint32_t> next_stream_{0};

  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::condition_variable sent_;
  std::condition_variable drained_;
  std::vector<uint32_t> free_;  // a stack: the buffer used last is still in the cache
  std::deque<uint32_t> under_way_;
  uint32_t copies_under_way_ = 0;
  bool cancelled_ = false;
  bool stopping_ = false;
  std::optional<sdk::Failure> failure_;
  uint32_t held_ = 0;
  uint64_t held_since_ns_ = 0;
  Intervals reading_;
  Intervals copying_;
  bool too_many_ = false;
  RingTimes times_;
  std::thread recycler_;
};

}  // namespace coldload::cuda
