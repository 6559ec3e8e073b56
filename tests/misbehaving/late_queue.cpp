// Offers asynchronous reads, and goes on writing to their buffers after cancel_all() has returned.
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

#include "coldload/ext/async_read.h"
#include "storing.hpp"

namespace {

namespace sdk = coldload::sdk;
using namespace coldload::misbehaving;

// Every read is done at once; its buffer is written to once more, later.
struct Queue {
  uint32_t depth = 0;
  uint32_t count = 0;
  uint64_t tags[64] = {};
};

coldload_status queue_open(void* /*backend*/, uint32_t depth, void** out, coldload_error* error) {
  return sdk::guarded(error, [&] {
    auto queue = std::make_unique<Queue>();
    queue->depth = depth;
    *out = queue.release();
  });
}

coldload_status submit(void* self, void* object, uint64_t offset, uint64_t length, void* buffer, uint64_t tag,
                       coldload_error* error) {
  return sdk::guarded(error, [&] {
    auto& queue = *static_cast<Queue*>(self);
    if (queue.count == queue.depth) throw sdk::Failure(COLDLOAD_UNSUPPORTED, "no room in the queue");
    static_cast<sdk::Object*>(object)->read_at(offset, buffer, length);
    queue.tags[queue.count++] = tag;
    std::thread([buffer, length] {
      std::this_thread::sleep_for(std::chrono::milliseconds(75));
      std::memset(buffer, 0, length);
    }).detach();
  });
}

coldload_status wait(void* self, uint32_t /*min*/, uint32_t max, coldload_completion* out,
                     uint32_t* out_count, coldload_error* /*error*/) {
  auto& queue = *static_cast<Queue*>(self);
  for (*out_count = 0; *out_count < max && queue.count > 0; ++*out_count) {
    out[*out_count].tag = queue.tags[--queue.count];
    out[*out_count].status = COLDLOAD_OK;
  }
  return COLDLOAD_OK;
}

void cancel_all(void* self) {
  static_cast<Queue*>(self)->count = 0;
}

void queue_close(void* self) {
  delete static_cast<Queue*>(self);
}

constexpr coldload_async_read_ops kOps = {
    sizeof(coldload_async_read_ops), 0, queue_open, submit, wait, cancel_all, queue_close};

class Misbehaving : public Storing {
 public:
  using Storing::Storing;

  const void* get_extension(std::string_view id) override {
    return id == COLDLOAD_EXT_ASYNC_READ ? &kOps : nullptr;
  }
};

constexpr coldload_component kComponent = sdk::backend_component<Misbehaving>(
    "misbehaving_late_queue", "writes after its reads were cancelled", kStoringOptions);

}  // namespace

COLDLOAD_EXPORT_PLUGIN("org.coldload.test.misbehaving_late_queue", "0.1.0", "coldload tests", &kComponent);
