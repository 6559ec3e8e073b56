#include "state.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

namespace fake_cuda {
namespace {

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

}  // namespace

State& State::get() {
  // Never destroyed: streams' threads may outlive main().
  static auto* state = new State;
  return *state;
}

// For a process that cannot call reset(): the worker of a real run.
State::State() {
  settings.memory_bytes = number_from("FAKE_CUDA_MEMORY_BYTES", settings.memory_bytes);
  settings.devices = static_cast<int>(number_from("FAKE_CUDA_DEVICES", 1));
  settings.copy_delay_us = number_from("FAKE_CUDA_COPY_DELAY_US", 0);
  settings.corrupt_copy = number_from("FAKE_CUDA_CORRUPT_COPY", 0);
  settings.fail_call = number_from("FAKE_CUDA_FAIL_CALL", 0);
  if (const char* function = std::getenv("FAKE_CUDA_FAIL_FUNCTION")) settings.fail_function = function;
}

namespace {

thread_local bool has_context = false;

}  // namespace

void set_context(bool has_one) {
  has_context = has_one;
}

bool State::shall_fail(std::string_view function, uint64_t own_call) const {
  if (settings.fail_call == 0) return false;
  if (settings.fail_function.empty()) return report.calls == settings.fail_call;
  return settings.fail_function == function && own_call == settings.fail_call;
}

int State::enter(std::string_view function, bool needs_context) {
  const std::lock_guard lock(mutex);
  ++report.calls;
  const uint64_t own_call = ++report.calls_of[std::string(function)];
  if (needs_context && !has_context) {
    violation(std::string(function) + " on a thread without a context");
    return kInvalidContext;
  }
  if (!shall_fail(function, own_call)) return kSuccess;
  report.failed_function = function;
  return settings.fail_with;
}

void State::violation(const std::string& text) {
  if (std::find(report.violations.begin(), report.violations.end(), text) == report.violations.end()) {
    report.violations.push_back(text);
  }
}

Allocation* State::holding(std::map<uintptr_t, Allocation>& among, uintptr_t at, uint64_t length) {
  auto after = among.upper_bound(at);
  if (after == among.begin()) return nullptr;
  --after;
  return at + length <= after->first + after->second.length ? &after->second : nullptr;
}

Stream::Stream() : thread_([this] { run(); }) {}

Stream::~Stream() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Stream::add(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
  }
  changed_.notify_all();
}

void Stream::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return work_.empty() && !busy_; });
}

void Stream::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !work_.empty(); });
    if (work_.empty()) return;
    const std::function<void()> work = std::move(work_.front());
    work_.pop_front();
    busy_ = true;
    lock.unlock();
    work();
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

uint64_t hash_of(const void* data, uint64_t length) {
  uint64_t hash = 14695981039346656037u;
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (uint64_t i = 0; i < length; ++i) hash = (hash ^ bytes[i]) * 1099511628211u;
  return hash;
}

void sleep_us(uint64_t microseconds) {
  if (microseconds != 0) std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

void reset(const Settings& settings) {
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  state.settings = settings;
  state.report.calls = 0;
  state.report.calls_of.clear();
  state.report.failed_function.clear();
  state.report.violations.clear();
  for (const auto& [address, allocation] : state.pinned) {
    if (!allocation.registered) std::free(allocation.memory);
  }
  state.pinned.clear();
  state.copies = 0;
  state.report.pinned_bytes = 0;
  state.report.pinned_bytes_max = 0;
}

Report report() {
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  return state.report;
}

}  // namespace fake_cuda
