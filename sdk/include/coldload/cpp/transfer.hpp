// The two ways a thread moves chunks: one read at a time, or several under way through a backend's async_read
// extension.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coldload/cpp/chunks.hpp"
#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/host.hpp"
#include "coldload/cpp/strategy.hpp"
#include "coldload/ext/async_read.h"

namespace coldload::sdk {

// For coldload_requirements.extensions.
inline constexpr const char* kAsyncReadExtensions[] = {COLDLOAD_EXT_ASYNC_READ, nullptr};

// Reads the chunks that `next` (() -> std::optional<Chunk>) yields, one after the other, and delivers them.
template <typename Next>
void transfer(const Job& job, const Host& host, Next&& next) {
  for (std::optional<Chunk> chunk = next(); chunk; chunk = next()) {
    host.throw_if_cancelled();
    const coldload_buffer buffer = job.acquire(chunk->item, chunk->offset, chunk->length);
    job.read(buffer);
    job.deliver(buffer);
  }
}

// One queue of a backend, for one thread. Closing it first ends the reads under way, so that no buffer is the
// backend's any more.
class ReadQueue {
 public:
  // Throws COLDLOAD_UNSUPPORTED if the backend of `object` does not offer the extension.
  ReadQueue(const coldload_object& object, uint32_t depth) {
    const auto get = object.ops->get_extension;
    ops_ = get == nullptr
               ? nullptr
               : static_cast<const coldload_async_read_ops*>(get(object.backend, COLDLOAD_EXT_ASYNC_READ));
    if (ops_ == nullptr) {
      throw Failure(COLDLOAD_UNSUPPORTED, "the backend offers no async_read, which in_flight above 1 needs");
    }
    checked([&](coldload_error* error) { return ops_->queue_open(object.backend, depth, &queue_, error); });
  }
  ReadQueue(const ReadQueue&) = delete;
  ReadQueue& operator=(const ReadQueue&) = delete;
  ~ReadQueue() {
    if (queue_ == nullptr) return;
    ops_->cancel_all(queue_);
    ops_->queue_close(queue_);
  }

  void submit(const coldload_object& object, const coldload_buffer& buffer, uint64_t tag) {
    checked([&](coldload_error* error) {
      return ops_->submit(queue_, object.self, buffer.offset, buffer.length, buffer.data, tag, error);
    });
  }
  // Waits for at least one completion and returns how many stand in `completions`.
  [[nodiscard]] uint32_t wait(std::vector<coldload_completion>& completions) {
    uint32_t count = 0;
    checked([&](coldload_error* error) {
      return ops_->wait(queue_, 1, static_cast<uint32_t>(completions.size()), completions.data(), &count,
                        error);
    });
    return count;
  }

 private:
  const coldload_async_read_ops* ops_ = nullptr;
  void* queue_ = nullptr;
};

// As transfer(), with up to `depth` reads under way, each holding one buffer.
template <typename Next>
void transfer_in_flight(const Job& job, const Host& host, uint32_t depth, Next&& next) {
  std::optional<Chunk> chunk = next();
  if (!chunk) return;
  ReadQueue queue(job.object(chunk->item), depth);
  std::vector<coldload_buffer> buffers(depth);
  std::vector<uint32_t> free_slots;
  free_slots.reserve(depth);
  for (uint32_t slot = 0; slot < depth; ++slot) free_slots.push_back(slot);
  std::vector<coldload_completion> completions(depth);
  for (coldload_completion& completion : completions) completion.error.struct_size = sizeof completion.error;

  while (chunk || free_slots.size() < depth) {
    host.throw_if_cancelled();
    for (; chunk && !free_slots.empty(); chunk = next()) {
      const uint32_t slot = free_slots.back();
      buffers[slot] = job.acquire(chunk->item, chunk->offset, chunk->length);
      queue.submit(job.object(chunk->item), buffers[slot], slot);
      free_slots.pop_back();
    }
    const uint32_t count = queue.wait(completions);
    for (uint32_t i = 0; i < count; ++i) {
      const coldload_completion& done = completions[i];
      if (done.status != COLDLOAD_OK) {
        throw Failure(done.status, done.error.message, done.error.os_error, done.error.retryable != 0);
      }
      const auto slot = static_cast<uint32_t>(done.tag);
      job.deliver(buffers[slot]);
      free_slots.push_back(slot);
    }
  }
}

}  // namespace coldload::sdk
