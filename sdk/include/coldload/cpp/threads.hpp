// Runs one body on several threads and brings them home: the first error wins, the others are told to stop,
// and all are joined before anything is thrown.
#pragma once

#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "coldload/cpp/failure.hpp"

namespace coldload::sdk {

// Set once one of the threads has failed. A body polls it once per chunk and returns.
class StopFlag {
 public:
  [[nodiscard]] bool stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }

  // Keeps the first exception only. Called in a catch block.
  void fail() noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!first_) first_ = std::current_exception();
    stopped_.store(true, std::memory_order_relaxed);
  }
  void stop() noexcept { stopped_.store(true, std::memory_order_relaxed); }
  // After every thread is joined.
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::exception_ptr first_;
};

// Calls body(index, stop) for each index in [0, count): 0 on the calling thread, the others each on a thread
// of its own. Returns when all have returned; throws the first failure.
template <typename Body>
void run_threads(uint32_t count, Body&& body) {
  StopFlag stop;
  const auto run = [&](uint32_t index) noexcept {
    try {
      body(index, static_cast<const StopFlag&>(stop));
    } catch (...) {
      stop.fail();
    }
  };
  std::vector<std::thread> threads;
  try {
    threads.reserve(count);
    for (uint32_t i = 1; i < count; ++i) threads.emplace_back(run, i);
    run(0);
  } catch (const std::system_error& error) {
    try {
      throw Failure(COLDLOAD_OUT_OF_MEMORY,
                    "thread " + std::to_string(threads.size() + 2) + " of " + std::to_string(count) +
                        " cannot be started: " + error.code().message(),
                    error.code().value());
    } catch (...) {
      stop.fail();
    }
  } catch (...) {
    stop.fail();
  }
  for (std::thread& thread : threads) thread.join();
  stop.rethrow();
}

}  // namespace coldload::sdk
