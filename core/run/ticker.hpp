// What goes on beside a strategy's load(), on a thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "core/run/destination.hpp"
#include "core/run/job.hpp"
#include "core/run/services.hpp"

namespace coldload {

// Tells the delivered bytes four times a second, and carries a stop to whoever waits for a buffer.
class Ticker {
 public:
  Ticker(const LoadJob& job, Destination& destination, EventSink& events, const std::atomic<bool>& cancelled,
         uint64_t total_bytes)
      : thread_([this, &job, &destination, &events, &cancelled, total_bytes] {
          std::unique_lock lock(mutex_);
          while (!stopped_) {
            wake_.wait_for(lock, std::chrono::milliseconds(50));
            if (cancelled.load(std::memory_order_relaxed)) destination.cancel();
            if (++looks_ % 5 == 0) events.progress(job.delivered_bytes(), total_bytes);
          }
        }) {}
  ~Ticker() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  unsigned looks_ = 0;
  std::thread thread_;
};

}  // namespace coldload
