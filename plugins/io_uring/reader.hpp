// Keeps one ring full of reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "coldload/cpp/chunks.hpp"
#include "coldload/cpp/host.hpp"
#include "coldload/cpp/strategy.hpp"
#include "coldload/cpp/threads.hpp"
#include "ring.hpp"

namespace coldload::uring {

// What one ring, or all of them together, did.
struct Tally {
  uint64_t reads = 0;
  uint64_t registered_reads = 0;  // Of them, into registered memory.
  uint64_t continued_reads = 0;   // Asked for again after the kernel gave less.
  uint64_t waits = 0;             // Calls of io_uring_enter, at most.
};

// Reads the chunks that `next_chunk` hands out, up to `depth` at a time, and delivers each when it is whole.
// Used by the one thread that enabled the ring; never leaves a read in flight, whatever happens.
class Reader {
 public:
  Reader(Ring& ring, uint32_t depth, const sdk::Job& job, const sdk::Host& host);

  void run(const sdk::Chunks& chunks, std::atomic<uint64_t>& next_chunk, const sdk::StopFlag& stop);
  [[nodiscard]] const Tally& tally() const noexcept { return tally_; }

 private:
  struct Slot {
    coldload_buffer buffer = {};
    uint64_t request_bytes = 0;  // The buffer's length, rounded up where the object is open for direct reads.
    uint64_t done_bytes = 0;
    uint32_t empty_handed = 0;  // Times in a row that the kernel asked to try again.
  };
  struct Completion {
    uint32_t slot;
    int32_t result;
  };

  void prepare_read(uint32_t slot);
  void submit_and_wait();
  void collect();
  void finish(const Completion& completion);
  void drain() noexcept;

  Ring& ring_;
  sdk::Job job_;
  sdk::Host host_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<Completion> completions_;
  uint32_t in_flight_ = 0;  // Prepared, and not yet collected.
  Tally tally_;
};

}  // namespace coldload::uring
