#include "async.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coldload/cpp/failure.hpp"
#include "object.hpp"
#include "s3.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;
using Clock = std::chrono::steady_clock;

constexpr int kStepMs = 20;       // Between two looks at cancelled().
constexpr int kPermitStepMs = 2;  // While another thread's requests fill the limit.

// A read under way: waiting for its turn, sent, or between two tries.
struct Pending {
  Pending(Service& service, const S3Object& object, WantedRange range, void* buffer, uint64_t read_tag)
      : read(service, object, range, buffer), tag(read_tag) {}

  RangeRead read;
  uint64_t tag;
  bool has_permit = false;
  bool is_sent = false;
  uint64_t request_id = 0;
  Clock::time_point not_before;
};

class Queue {
 public:
  Queue(Service& service, uint32_t depth) : service_(service), depth_(depth), http_(service.take_http()) {
    reads_.reserve(depth);
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() {
    cancel_all();
    service_.keep_http(std::move(http_));
  }

  void submit(const S3Object& object, WantedRange range, void* buffer, uint64_t tag) {
    if (reads_.size() == depth_) {
      throw Failure(COLDLOAD_INTERNAL,
                    "s3: more than " + std::to_string(depth_) + " reads submitted to a queue of that depth");
    }
    object.check_range(range.offset, range.length);
    if (range.length == 0) throw Failure(COLDLOAD_INTERNAL, "s3: a read of no bytes submitted to a queue");
    // Sent by wait(): signing may have to ask a program for credentials, and this must not block.
    reads_.push_back(std::make_unique<Pending>(service_, object, range, buffer, tag));
  }

  // Throws CANCELLED, or INTERNAL for more than are under way.
  void wait(uint32_t min, uint32_t max, coldload_completion* out, uint32_t& count) {
    min = std::min(min, max);
    if (min > reads_.size()) {
      throw Failure(COLDLOAD_INTERNAL, "s3: waited for " + std::to_string(min) + " reads, only " +
                                           std::to_string(reads_.size()) + " were under way");
    }
    while (count < max) {
      service_.host().throw_if_cancelled();
      send_what_can(max, out, count);
      if (count >= max) return;
      bool any = take_ended(max, out, count);
      if (!any) {
        http_->step(count < min ? step_ms() : 0);
        any = take_ended(max, out, count);
      }
      if (count >= min && !any) return;
    }
  }

  void cancel_all() noexcept {
    http_->abort_all();
    for (const auto& read : reads_) release(*read);
    reads_.clear();
  }

 private:
  void release(Pending& read) noexcept {
    if (read.has_permit) service_.permits().give_back();
    read.has_permit = false;
  }

  void send_what_can(uint32_t max, coldload_completion* out, uint32_t& count) {
    const auto now = Clock::now();
    for (size_t i = 0; i < reads_.size() && count < max;) {
      Pending& read = *reads_[i];
      if (read.is_sent || read.not_before > now) {
        ++i;
        continue;
      }
      if (!read.has_permit) read.has_permit = service_.permits().try_take();
      if (!read.has_permit) return;
      if (send(i, out, count)) ++i;
    }
  }

  // Whether there was one.
  bool take_ended(uint32_t max, coldload_completion* out, uint32_t& count) {
    bool any = false;
    while (count < max) {
      const auto ended = http_->take_ended();
      if (!ended) break;
      any = true;
      take(*ended, out, count);
    }
    return any;
  }

  // False if it failed, and is among the completions.
  bool send(size_t index, coldload_completion* out, uint32_t& count) {
    Pending& read = *reads_[index];
    try {
      read.request_id = http_->start(read.read.request(), read.read);
      read.is_sent = true;
      return true;
    } catch (const Failure& failure) {
      if (failure.status() == COLDLOAD_CANCELLED) throw;
      complete(index, &failure, out, count);
      return false;
    }
  }

  void take(const Ended& ended, coldload_completion* out, uint32_t& count) {
    const auto found = std::find_if(reads_.begin(), reads_.end(), [&](const auto& read) {
      return read->is_sent && read->request_id == ended.id;
    });
    if (found == reads_.end()) throw Failure(COLDLOAD_INTERNAL, "s3: a request ended that nobody sent");
    Pending& read = **found;
    const auto index = static_cast<size_t>(found - reads_.begin());
    read.is_sent = false;
    try {
      const Next next = read.read.ended(ended);
      if (next.what == Next::What::finished) return complete(index, nullptr, out, count);
      read.not_before = Clock::now() + std::chrono::milliseconds(next.delay_ms);
      if (next.what == Next::What::send) (void)send(index, out, count);
    } catch (const Failure& failure) {
      if (failure.status() == COLDLOAD_CANCELLED) throw;
      complete(index, &failure, out, count);
    }
  }

  void complete(size_t index, const Failure* failure, coldload_completion* out, uint32_t& count) {
    coldload_completion& done = out[count++];
    done.tag = reads_[index]->tag;
    done.status = failure == nullptr ? int32_t{COLDLOAD_OK} : failure->status();
    if (failure != nullptr) {
      (void)sdk::detail::fill_error(&done.error, failure->status(), failure->what(), failure->os_error(),
                                    failure->retryable());
    }
    release(*reads_[index]);
    reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  // Until something can be due.
  [[nodiscard]] int step_ms() const {
    const auto now = Clock::now();
    int shortest = kStepMs;
    for (const auto& read : reads_) {
      if (read->is_sent) continue;
      if (!read->has_permit) {
        shortest = std::min(shortest, kPermitStepMs);
        continue;
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(read->not_before - now).count();
      shortest = std::min(shortest, std::max(static_cast<int>(left) + 1, 1));
    }
    return shortest;
  }

  Service& service_;
  size_t depth_;
  std::unique_ptr<Http> http_;
  std::vector<std::unique_ptr<Pending>> reads_;
};

Queue& of(void* queue) {
  return *static_cast<Queue*>(queue);
}

coldload_status queue_open(void* backend, uint32_t depth, void** out_queue, coldload_error* error) {
  return sdk::guarded(error, [&] {
    if (depth == 0) throw Failure(COLDLOAD_INTERNAL, "s3: a queue of depth 0");
    *out_queue =
        new Queue(static_cast<ServiceBackend&>(*static_cast<sdk::Backend*>(backend)).service(), depth);
  });
}

coldload_status submit(void* queue, void* object, uint64_t offset, uint64_t length, void* buffer,
                       uint64_t tag, coldload_error* error) {
  return sdk::guarded(error, [&] {
    const auto& opened = static_cast<const S3Object&>(*static_cast<sdk::Object*>(object));
    of(queue).submit(opened, {offset, length}, buffer, tag);
  });
}

coldload_status wait(void* queue, uint32_t min, uint32_t max, coldload_completion* out, uint32_t* out_count,
                     coldload_error* error) {
  *out_count = 0;
  return sdk::guarded(error, [&] { of(queue).wait(min, max, out, *out_count); });
}

void cancel_all(void* queue) {
  of(queue).cancel_all();
}

void queue_close(void* queue) {
  delete static_cast<Queue*>(queue);
}

}  // namespace

const coldload_async_read_ops kAsyncReadOps = {
    sizeof(coldload_async_read_ops), 0, queue_open, submit, wait, cancel_all, queue_close,
};

}  // namespace coldload::s3
