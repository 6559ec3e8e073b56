#include "reader.hpp"

#include <cerrno>
#include <string>

namespace coldload::uring {
namespace {

using sdk::Failure;

// A wait looks up this often to see whether the run was cancelled.
constexpr long kWaitNs = 20'000'000;
constexpr uint32_t kTriesMax = 1000;
constexpr uint64_t kCancelTag = UINT64_MAX;

}  // namespace

Reader::Reader(Ring& ring, uint32_t depth, const sdk::Job& job, const sdk::Host& host)
    : ring_(ring), job_(job), host_(host), slots_(depth) {
  for (uint32_t slot = depth; slot > 0; --slot) free_slots_.push_back(slot - 1);
  completions_.reserve(depth);
}

void Reader::run(const sdk::Chunks& chunks, std::atomic<uint64_t>& next_chunk, const sdk::StopFlag& stop) {
  try {
    for (bool more = true; more || in_flight_ > 0;) {
      host_.throw_if_cancelled();
      while (more && !free_slots_.empty()) {
        const uint64_t number = next_chunk.fetch_add(1, std::memory_order_relaxed);
        more = number < chunks.count() && !stop.stopped();
        if (!more) break;
        const sdk::Chunk chunk = chunks[number];
        Slot slot;
        slot.buffer = job_.acquire(chunk.item, chunk.offset, chunk.length);
        // Reading it unregistered would be another engine than the one that was asked for.
        if (ring_.has_registered_buffers() && slot.buffer.region == COLDLOAD_NO_REGION) {
          throw Failure(COLDLOAD_UNSUPPORTED, "registered_buffers: a buffer lies in no registered region");
        }
        slot.request_bytes = sdk::round_up(chunk.length, job_.info(chunk.item).offset_alignment_bytes);
        slots_[free_slots_.back()] = slot;
        prepare_read(free_slots_.back());
        free_slots_.pop_back();
        ++tally_.reads;
      }
      if (in_flight_ == 0) break;
      submit_and_wait();
      collect();
      for (const Completion& completion : completions_) {
        host_.throw_if_cancelled();
        if (stop.stopped()) return drain();
        finish(completion);
      }
    }
  } catch (...) {
    drain();
    throw;
  }
}

// The part of the slot's range that is still missing.
void Reader::prepare_read(uint32_t index) {
  const Slot& slot = slots_[index];
  const coldload_buffer& buffer = slot.buffer;
  io_uring_sqe* sqe = ::io_uring_get_sqe(ring_.raw());
  // The queue has an entry for each slot and one to spare.
  if (sqe == nullptr) throw Failure(COLDLOAD_INTERNAL, "io_uring: the submission queue is full");
  const bool fixed_file = ring_.has_fixed_files();
  const int file = fixed_file ? static_cast<int>(buffer.item) : job_.info(buffer.item).fd;
  char* data = static_cast<char*>(buffer.data) + slot.done_bytes;
  const auto length = static_cast<unsigned>(slot.request_bytes - slot.done_bytes);
  if (ring_.has_registered_buffers()) {
    ::io_uring_prep_read_fixed(sqe, file, data, length, buffer.offset + slot.done_bytes,
                               static_cast<int>(buffer.region));
    ++tally_.registered_reads;
  } else {
    ::io_uring_prep_read(sqe, file, data, length, buffer.offset + slot.done_bytes);
  }
  if (fixed_file) sqe->flags |= IOSQE_FIXED_FILE;
  ::io_uring_sqe_set_data64(sqe, index);
  ++in_flight_;
}

void Reader::submit_and_wait() {
  io_uring_cqe* cqe = nullptr;
  __kernel_timespec timeout = {0, kWaitNs};
  const int result = ::io_uring_submit_and_wait_timeout(ring_.raw(), &cqe, 1, &timeout, nullptr);
  ++tally_.waits;
  // Timed out, interrupted, or short of memory for the moment: the caller comes again.
  if (result >= 0 || result == -ETIME || result == -EINTR || result == -EAGAIN || result == -EBUSY) return;
  throw sdk::os_failure(-result, "io_uring: submitting reads");
}

// Takes all completions that stand in the ring.
void Reader::collect() {
  completions_.clear();
  unsigned head = 0;
  unsigned count = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(ring_.raw(), head, cqe) {
    ++count;
    if (cqe->user_data == kCancelTag) continue;
    completions_.push_back({static_cast<uint32_t>(cqe->user_data), cqe->res});
    --in_flight_;
  }
  ::io_uring_cq_advance(ring_.raw(), count);
}

// Delivers the slot's buffer if it is whole, else asks for the rest.
void Reader::finish(const Completion& completion) {
  Slot& slot = slots_[completion.slot];
  const coldload_buffer& buffer = slot.buffer;
  const auto where = [&] {
    return std::string(job_.object(buffer.item).key) + ": bytes " +
           std::to_string(buffer.offset + slot.done_bytes) + "-" +
           std::to_string(buffer.offset + buffer.length - 1);
  };
  if (completion.result == -EAGAIN || completion.result == -EINTR) {
    if (++slot.empty_handed > kTriesMax) throw sdk::os_failure(-completion.result, where());
    ++tally_.continued_reads;
    return prepare_read(completion.slot);
  }
  if (completion.result < 0) throw sdk::os_failure(-completion.result, where());
  slot.empty_handed = 0;
  slot.done_bytes += static_cast<uint64_t>(completion.result);
  if (slot.done_bytes >= buffer.length) {
    free_slots_.push_back(completion.slot);
    return job_.deliver(buffer);
  }
  const uint64_t alignment = job_.info(buffer.item).offset_alignment_bytes;
  // Nothing more, or a direct read that stops between two blocks: the file ends here.
  if (completion.result == 0 || slot.done_bytes % alignment != 0) {
    throw Failure(COLDLOAD_IO_ERROR, where() + ": the file ends at byte " +
                                         std::to_string(buffer.offset + slot.done_bytes) + ", it had " +
                                         std::to_string(job_.item(buffer.item).size_bytes) +
                                         " when it was opened");
  }
  ++tally_.continued_reads;
  prepare_read(completion.slot);
}

// Waits for every read in flight: their buffers go back to the host, which may use them at once.
void Reader::drain() noexcept {
  if (in_flight_ == 0) return;
  // Those that have not begun need not be waited for. A kernel before 5.19 refuses this, which changes
  // nothing else.
  if (io_uring_sqe* sqe = ::io_uring_get_sqe(ring_.raw()); sqe != nullptr) {
    ::io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    ::io_uring_sqe_set_data64(sqe, kCancelTag);
  }
  while (in_flight_ > 0) {
    try {
      submit_and_wait();
    } catch (...) {
      // The ring takes nothing any more: only what it took before will end.
      const unsigned waiting = ::io_uring_sq_ready(ring_.raw());
      if (in_flight_ <= waiting) return;
      io_uring_cqe* cqe = nullptr;
      if (::io_uring_wait_cqe(ring_.raw(), &cqe) < 0) return;
    }
    collect();
  }
}

}  // namespace coldload::uring
