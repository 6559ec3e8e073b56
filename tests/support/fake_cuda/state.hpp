// What the fake driver knows, under one mutex; its streams' threads work on it too.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "fake_cuda.hpp"

namespace fake_cuda {

enum Result : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidContext = 201,
  kInvalidHandle = 400,
  kUnknown = 999,
};

struct Stream;

struct Event {
  uint64_t recorded = 0;  // times it was recorded, and fired
  uint64_t fired = 0;
};

struct Allocation {
  uint64_t length = 0;
  uint64_t copies_under_way = 0;
  bool registered = false;
  void* memory = nullptr;
};

class State {
 public:
  static State& get();
  State();

  // Counts the call; what it returns is what the function returns, where it is not kSuccess.
  int enter(std::string_view function, bool needs_context);
  void violation(const std::string& text);  // with the mutex held
  // The allocation that holds [at, at + length), or nullptr.
  static Allocation* holding(std::map<uintptr_t, Allocation>& among, uintptr_t at, uint64_t length);

  std::mutex mutex;
  std::condition_variable changed;
  Settings settings;
  Report report;
  std::map<uintptr_t, Allocation> pinned;
  std::map<uintptr_t, Allocation> device;
  uint64_t copies = 0;

 private:
  [[nodiscard]] bool shall_fail(std::string_view function, uint64_t own_call) const;
};

// Of the calling thread.
void set_context(bool has_one);

// Work in order, on a thread of its own.
struct Stream {
  Stream();
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void add(std::function<void()> work);
  void wait();

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

// FNV-1a: enough to see that bytes changed.
[[nodiscard]] uint64_t hash_of(const void* data, uint64_t length);
void sleep_us(uint64_t microseconds);

}  // namespace fake_cuda
