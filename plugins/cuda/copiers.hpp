// Threads that help to copy one piece of memory, kept ready between pieces.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace coldload::cuda {

class Copiers {
 public:
  // `helpers` threads beside those that call.
  explicit Copiers(uint32_t helpers);
  ~Copiers();
  Copiers(const Copiers&) = delete;
  Copiers& operator=(const Copiers&) = delete;

  // Calls body(i) once for each i in [0, count), on this thread and on helpers that are idle; returns when
  // all have returned and throws the first failure, after which no further one is begun. [worker-thread]
  void run(uint64_t count, const std::function<void(uint64_t)>& body);

 private:
  struct Task;
  void help();
  void stop() noexcept;

  std::mutex mutex_;
  std::condition_variable wanted_;
  std::condition_variable left_;
  std::deque<Task*> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace coldload::cuda
