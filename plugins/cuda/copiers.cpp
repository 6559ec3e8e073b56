#include "copiers.hpp"

#include <algorithm>
#include <atomic>
#include <string>
#include <system_error>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/threads.hpp"

namespace coldload::cuda {

struct Copiers::Task {
  Task(const std::function<void(uint64_t)>& task_body, uint64_t task_count)
      : body(task_body), count(task_count) {}

  void work() noexcept {
    for (uint64_t i = next.fetch_add(1); i < count && !stop.stopped(); i = next.fetch_add(1)) {
      try {
        body(i);
      } catch (...) {
        stop.fail();
      }
    }
  }

  const std::function<void(uint64_t)>& body;
  uint64_t count;
  std::atomic<uint64_t> next{0};
  sdk::StopFlag stop;
  uint32_t helpers = 0;  // at work on it; under the mutex
};

Copiers::Copiers(uint32_t helpers) {
  try {
    for (uint32_t i = 0; i < helpers; ++i) threads_.emplace_back([this] { help(); });
  } catch (const std::system_error& error) {
    stop();
    throw sdk::Failure(COLDLOAD_OUT_OF_MEMORY,
                       "copying thread " + std::to_string(threads_.size() + 1) + " of " +
                           std::to_string(helpers) + " cannot be started: " + error.code().message(),
                       error.code().value());
  }
}

Copiers::~Copiers() {
  stop();
}

void Copiers::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wanted_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Copiers::help() {
  std::unique_lock lock(mutex_);
  while (true) {
    wanted_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    Task& task = *tasks_.front();
    tasks_.pop_front();
    ++task.helpers;
    lock.unlock();
    task.work();
    lock.lock();
    --task.helpers;
    left_.notify_all();
  }
}

void Copiers::run(uint64_t count, const std::function<void(uint64_t)>& body) {
  Task task(body, count);
  const uint64_t helpers = std::min<uint64_t>(threads_.size(), count - std::min<uint64_t>(count, 1));
  if (helpers > 0) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.insert(tasks_.end(), helpers, &task);
    }
    wanted_.notify_all();
  }
  task.work();
  if (helpers > 0) {
    std::unique_lock lock(mutex_);
    // Those who have not begun by now would find nothing to do.
    tasks_.erase(std::remove(tasks_.begin(), tasks_.end(), &task), tasks_.end());
    left_.wait(lock, [&task] { return task.helpers == 0; });
  }
  task.stop.rethrow();
}

}  // namespace coldload::cuda
