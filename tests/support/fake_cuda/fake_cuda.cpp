// The exported functions of the fake driver: those of plugins/cuda/driver_api.hpp, with the meanings of the
// CUDA Driver API reference.
#include "fake_cuda.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "state.hpp"

using fake_cuda::Allocation;
using fake_cuda::Event;
using fake_cuda::State;
using fake_cuda::Stream;

namespace {

// Device memory is ordinary memory here, so an address on the device is one of ours.
void* memory_at(unsigned long long address) {
  return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace

#define FAKE_CUDA_EXPORT extern "C" [[gnu::visibility("default")]] int
#define FAKE_CUDA_ENTER(needs_context)                                                               \
  if (const int failed = State::get().enter(__func__, needs_context); failed != fake_cuda::kSuccess) \
  return failed

FAKE_CUDA_EXPORT cuInit(unsigned /*flags*/) {
  FAKE_CUDA_ENTER(false);
  return State::get().settings.devices == 0 ? fake_cuda::kNoDevice : fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuDriverGetVersion(int* version) {
  FAKE_CUDA_ENTER(false);
  *version = 13000;
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuGetErrorName(int error, const char** name) {
  switch (error) {
    case fake_cuda::kOutOfMemory:
      *name = "CUDA_ERROR_OUT_OF_MEMORY";
      return fake_cuda::kSuccess;
    case fake_cuda::kInvalidContext:
      *name = "CUDA_ERROR_INVALID_CONTEXT";
      return fake_cuda::kSuccess;
    case fake_cuda::kUnknown:
      *name = "CUDA_ERROR_UNKNOWN";
      return fake_cuda::kSuccess;
    default:
      return fake_cuda::kInvalidValue;
  }
}
FAKE_CUDA_EXPORT cuDeviceGetCount(int* count) {
  FAKE_CUDA_ENTER(false);
  *count = State::get().settings.devices;
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuDeviceGet(int* device, int ordinal) {
  FAKE_CUDA_ENTER(false);
  if (ordinal >= State::get().settings.devices) return fake_cuda::kInvalidDevice;
  *device = ordinal;
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuDeviceGetName(char* name, int length, int /*device*/) {
  FAKE_CUDA_ENTER(false);
  std::snprintf(name, static_cast<size_t>(length), "Fake GPU");
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuDeviceGetPCIBusId(char* id, int length, int /*device*/) {
  FAKE_CUDA_ENTER(false);
  std::snprintf(id, static_cast<size_t>(length), "FFFF:FF:1F.7");
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuDevicePrimaryCtxRetain(void** context, int /*device*/) {
  FAKE_CUDA_ENTER(false);
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  ++state.report.contexts;
  *context = &state;
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuDevicePrimaryCtxRelease_v2(int /*device*/) {
  State& state = State::get();
  const int result = state.enter(__func__, false);
  const std::lock_guard lock(state.mutex);
  --state.report.contexts;
  return result;
}
FAKE_CUDA_EXPORT cuCtxSetCurrent(void* context) {
  FAKE_CUDA_ENTER(false);
  fake_cuda::set_context(context != nullptr);
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuMemGetInfo_v2(size_t* free_bytes, size_t* total_bytes) {
  FAKE_CUDA_ENTER(true);
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  *total_bytes = state.settings.memory_bytes;
  *free_bytes = state.settings.memory_bytes - state.report.device_bytes;
  return fake_cuda::kSuccess;
}

FAKE_CUDA_EXPORT cuMemAlloc_v2(unsigned long long* pointer, size_t bytes) {
  FAKE_CUDA_ENTER(true);
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  if (bytes == 0) return fake_cuda::kInvalidValue;
  if (state.report.device_bytes + bytes > state.settings.memory_bytes) return fake_cuda::kOutOfMemory;
  void* memory = std::malloc(bytes);
  if (memory == nullptr) return fake_cuda::kOutOfMemory;
  state.device[reinterpret_cast<uintptr_t>(memory)] = {bytes, 0, false, memory};
  state.report.device_bytes += bytes;
  *pointer = reinterpret_cast<uintptr_t>(memory);
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuMemFree_v2(unsigned long long pointer) {
  State& state = State::get();
  const int result = state.enter(__func__, true);
  const std::lock_guard lock(state.mutex);
  const auto found = state.device.find(pointer);
  if (found == state.device.end()) return fake_cuda::kInvalidValue;
  if (found->second.copies_under_way != 0) state.violation("device memory was freed under a copy");
  state.report.device_bytes -= found->second.length;
  state.device.erase(found);
  std::free(memory_at(pointer));
  return result;
}
FAKE_CUDA_EXPORT cuMemsetD8_v2(unsigned long long pointer, unsigned char value, size_t count) {
  FAKE_CUDA_ENTER(true);
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  if (State::holding(state.device, pointer, count) == nullptr) return fake_cuda::kInvalidValue;
  std::memset(memory_at(pointer), value, count);
  return fake_cuda::kSuccess;
}

namespace {

void pin(State& state, void* memory, size_t bytes, bool registered) {
  state.pinned[reinterpret_cast<uintptr_t>(memory)] = {bytes, 0, registered, memory};
  state.report.pinned_bytes += bytes;
  state.report.pinned_bytes_max = std::max(state.report.pinned_bytes_max, state.report.pinned_bytes);
}

int unpin(void* memory, bool registered) {
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  const auto found = state.pinned.find(reinterpret_cast<uintptr_t>(memory));
  if (found == state.pinned.end() || found->second.registered != registered) return fake_cuda::kInvalidValue;
  if (found->second.copies_under_way != 0) state.violation("pinned memory was freed under a copy");
  state.report.pinned_bytes -= found->second.length;
  state.pinned.erase(found);
  return fake_cuda::kSuccess;
}

// With the stream's turn: both sides' allocations have been noted when it was asked for.
void copy_later(unsigned long long to, const void* from, size_t bytes, uint64_t hash) {
  State& state = State::get();
  fake_cuda::sleep_us(state.settings.copy_delay_us);
  if (fake_cuda::hash_of(from, bytes) != hash) {
    const std::lock_guard lock(state.mutex);
    state.violation("a pinned buffer was changed before its copy was done");
  }
  std::memcpy(memory_at(to), from, bytes);
  const std::lock_guard lock(state.mutex);
  if (++state.copies == state.settings.corrupt_copy) *static_cast<unsigned char*>(memory_at(to)) ^= 1;
  if (Allocation* const target = State::holding(state.device, to, bytes)) --target->copies_under_way;
  if (Allocation* const source = State::holding(state.pinned, reinterpret_cast<uintptr_t>(from), bytes))
    --source->copies_under_way;
}

}  // namespace

FAKE_CUDA_EXPORT cuMemHostAlloc(void** memory, size_t bytes, unsigned /*flags*/) {
  FAKE_CUDA_ENTER(true);
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  *memory = std::aligned_alloc(4096, bytes);
  if (*memory == nullptr) return fake_cuda::kOutOfMemory;
  std::memset(*memory, 0, bytes);
  pin(state, *memory, bytes, false);
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuMemFreeHost(void* memory) {
  FAKE_CUDA_ENTER(true);
  const int unpinned = unpin(memory, false);
  if (unpinned == fake_cuda::kSuccess) std::free(memory);
  return unpinned;
}
FAKE_CUDA_EXPORT cuMemHostRegister_v2(void* memory, size_t bytes, unsigned /*flags*/) {
  FAKE_CUDA_ENTER(true);
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  pin(state, memory, bytes, true);
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuMemHostUnregister(void* memory) {
  FAKE_CUDA_ENTER(true);
  return unpin(memory, true);
}

// Memory that is not pinned is copied before it returns, as the driver stages it.
FAKE_CUDA_EXPORT cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, size_t bytes, void* stream) {
  FAKE_CUDA_ENTER(true);
  State& state = State::get();
  {
    const std::lock_guard lock(state.mutex);
    Allocation* const target = State::holding(state.device, to, bytes);
    if (target == nullptr) {
      state.violation("a copy to where no device memory is");
      return fake_cuda::kInvalidValue;
    }
    Allocation* const source = State::holding(state.pinned, reinterpret_cast<uintptr_t>(from), bytes);
    if (source == nullptr) {
      std::memcpy(memory_at(to), from, bytes);
      return fake_cuda::kSuccess;
    }
    ++target->copies_under_way;
    ++source->copies_under_way;
  }
  const uint64_t hash = fake_cuda::hash_of(from, bytes);
  static_cast<Stream*>(stream)->add([=] { copy_later(to, from, bytes, hash); });
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, size_t bytes, void* stream) {
  FAKE_CUDA_ENTER(true);
  static_cast<Stream*>(stream)->add([=] { std::memcpy(to, memory_at(from), bytes); });
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuMemcpyDtoH_v2(void* to, unsigned long long from, size_t bytes) {
  FAKE_CUDA_ENTER(true);
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  if (State::holding(state.device, from, bytes) == nullptr) return fake_cuda::kInvalidValue;
  std::memcpy(to, memory_at(from), bytes);
  return fake_cuda::kSuccess;
}

FAKE_CUDA_EXPORT cuStreamCreate(void** stream, unsigned /*flags*/) {
  FAKE_CUDA_ENTER(true);
  *stream = new Stream;
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  ++state.report.streams;
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuStreamDestroy_v2(void* stream) {
  State& state = State::get();
  const int result = state.enter(__func__, true);
  delete static_cast<Stream*>(stream);
  const std::lock_guard lock(state.mutex);
  --state.report.streams;
  return result;
}
FAKE_CUDA_EXPORT cuStreamSynchronize(void* stream) {
  FAKE_CUDA_ENTER(true);
  static_cast<Stream*>(stream)->wait();
  return fake_cuda::kSuccess;
}

FAKE_CUDA_EXPORT cuEventCreate(void** event, unsigned /*flags*/) {
  FAKE_CUDA_ENTER(true);
  *event = new Event;
  State& state = State::get();
  const std::lock_guard lock(state.mutex);
  ++state.report.events;
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuEventDestroy_v2(void* event) {
  State& state = State::get();
  const int result = state.enter(__func__, true);
  std::unique_lock lock(state.mutex);
  auto* const own = static_cast<Event*>(event);
  state.changed.wait(lock, [own] { return own->fired == own->recorded; });
  delete own;
  --state.report.events;
  return result;
}
FAKE_CUDA_EXPORT cuEventRecord(void* event, void* stream) {
  FAKE_CUDA_ENTER(true);
  auto* const own = static_cast<Event*>(event);
  State& state = State::get();
  {
    const std::lock_guard lock(state.mutex);
    ++own->recorded;
  }
  static_cast<Stream*>(stream)->add([own, &state] {
    fake_cuda::sleep_us(state.settings.event_delay_us);
    {
      const std::lock_guard lock(state.mutex);
      ++own->fired;
    }
    state.changed.notify_all();
  });
  return fake_cuda::kSuccess;
}
FAKE_CUDA_EXPORT cuEventSynchronize(void* event) {
  FAKE_CUDA_ENTER(true);
  State& state = State::get();
  std::unique_lock lock(state.mutex);
  const auto* own = static_cast<Event*>(event);
  state.changed.wait(lock, [own] { return own->fired == own->recorded; });
  return fake_cuda::kSuccess;
}
