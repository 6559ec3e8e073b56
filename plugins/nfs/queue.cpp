#include "queue.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "pool.hpp"
#include "reads.hpp"
#include "remote.hpp"

namespace coldload::nfs {
namespace {

// A connection and what is under way on it. After a cancel_all() that had to hang up there is none until the
// next submit(), the only one that waits: for the new connection.
class Queue {
 public:
  Queue(Pool& pool, uint32_t depth) : pool_(pool), depth_(depth) { connect(); }

  void submit(RemoteObject& object, uint64_t offset, uint64_t length, void* buffer, uint64_t tag) {
    object.check_range(offset, length);
    if (!line_) connect();
    line_->reads.submit(object.file(), offset, length, buffer, tag);
    // Out now: whoever submits may be busy with other things before it waits.
    line_->reads.pump(0);
  }

  void wait(uint32_t min, uint32_t max, coldload_completion* out, uint32_t* out_count) {
    constexpr int kWaitMs = 20;
    *out_count = 0;
    min = std::min(min, max);
    pool_.host().throw_if_cancelled();
    bool looked = false;
    for (;;) {
      while (*out_count < max && take(out[*out_count])) ++*out_count;
      if (*out_count > min || (*out_count == min && (looked || min != 0))) return;
      if (!line_ || line_->reads.under_way() == 0) break;
      line_->reads.pump(min == 0 ? 0 : kWaitMs);
      looked = true;
    }
    if (*out_count >= min) return;
    throw sdk::Failure(COLDLOAD_INTERNAL, "nfs: waited for " + std::to_string(min) + " reads, only " +
                                              std::to_string(*out_count) + " were under way");
  }

  void cancel_all() noexcept {
    if (!line_) return;
    line_->reads.cancel_all();
    if (line_->loan->broken()) line_.reset();
  }

 private:
  struct Line {
    Line(Pool::Loan lent, uint32_t depth, uint32_t requests)
        : loan(std::move(lent)), reads(*loan, depth, requests) {}
    Pool::Loan loan;
    Reads reads;
  };

  void connect() {
    line_ = std::make_unique<Line>(pool_.borrow_for_queue(), depth_,
                                   std::max(depth_, pool_.settings().in_flight));
  }

  bool take(coldload_completion& out) {
    FinishedRead finished;
    if (!line_ || !line_->reads.take(finished)) return false;
    out.tag = finished.tag;
    out.status =
        sdk::detail::fill_error(&out.error, finished.status, finished.message.c_str(), finished.os_error);
    return true;
  }

  Pool& pool_;
  uint32_t depth_;
  std::unique_ptr<Line> line_;
};

Queue& queue_of(void* self) {
  return *static_cast<Queue*>(self);
}

coldload_status queue_open(void* backend, uint32_t depth, void** out, coldload_error* error) {
  return sdk::guarded(error, [&] {
    if (depth == 0) throw sdk::Failure(COLDLOAD_INTERNAL, "nfs: a queue of depth 0");
    *out = new Queue(pool_of(backend), depth);
  });
}
coldload_status submit(void* self, void* object, uint64_t offset, uint64_t length, void* buffer, uint64_t tag,
                       coldload_error* error) {
  return sdk::guarded(error, [&] {
    queue_of(self).submit(static_cast<RemoteObject&>(*static_cast<sdk::Object*>(object)), offset, length,
                          buffer, tag);
  });
}
coldload_status wait(void* self, uint32_t min, uint32_t max, coldload_completion* out, uint32_t* out_count,
                     coldload_error* error) {
  return sdk::guarded(error, [&] { queue_of(self).wait(min, max, out, out_count); });
}
void cancel_all(void* self) {
  queue_of(self).cancel_all();
}
void queue_close(void* self) {
  delete static_cast<Queue*>(self);
}

}  // namespace

const coldload_async_read_ops kAsyncReadOps = {
    sizeof(coldload_async_read_ops), 0, queue_open, submit, wait, cancel_all, queue_close,
};

}  // namespace coldload::nfs
