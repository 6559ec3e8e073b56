#include "ring.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <system_error>

#include "coldload/cpp/chunks.hpp"

namespace coldload::cuda {
namespace {

constexpr uint64_t kRegionBytesMax = uint64_t{1} << 30;
constexpr size_t kIntervalsMax = size_t{1} << 20;

// False where even what was united is too much to keep.
bool keep(Intervals& intervals, const Interval& added) {
  if (intervals.size() >= kIntervalsMax) intervals = united(std::move(intervals));
  if (intervals.size() >= kIntervalsMax / 2) return false;
  intervals.push_back(added);
  return true;
}

}  // namespace

Ring::Ring(sdk::Host host, const Device& device, const RingShape& shape, uint64_t& lost_bytes)
    : host_(host), device_(device) {
  for (uint32_t i = 0; i < shape.streams; ++i) streams_.push_back(make_stream(device_));
  make_slots(shape, lost_bytes);
  for (size_t number = slots_.size(); number > 0; --number) {
    free_.push_back(static_cast<uint32_t>(number - 1));
  }
  try {
    recycler_ = std::thread([this] { recycle_when_done(); });
  } catch (const std::system_error& error) {
    throw sdk::Failure(COLDLOAD_OUT_OF_MEMORY,
                       "the thread that recycles buffers cannot be started: " + error.code().message(),
                       error.code().value());
  }
}

void Ring::make_slots(const RingShape& shape, uint64_t& lost_bytes) {
  slot_bytes_ = sdk::round_up(shape.buffer_bytes, sdk::kPageBytes) + sdk::kPageBytes;
  const uint64_t per_region = std::max<uint64_t>(kRegionBytesMax / slot_bytes_, 1);
  slots_.reserve(shape.buffers);
  while (slots_.size() < shape.buffers) {
    const uint64_t here = std::min<uint64_t>(per_region, shape.buffers - slots_.size());
    const PinnedMemory& memory = memory_.emplace_back(device_, here * slot_bytes_, shape.pinning, lost_bytes);
    const bool registrable = memory.size_bytes() <= kRegionBytesMax;
    const uint32_t region = registrable ? static_cast<uint32_t>(regions_.size()) : COLDLOAD_NO_REGION;
    if (registrable) regions_.push_back({memory.data(), memory.size_bytes()});
    for (uint64_t i = 0; i < here; ++i) {
      slots_.push_back({memory.data() + i * slot_bytes_, region, make_event(device_)});
    }
  }
}

uint64_t Ring::huge_page_bytes() const {
  uint64_t all = 0;
  for (const PinnedMemory& memory : memory_) all += memory.huge_page_bytes();
  return all;
}

uint64_t Ring::size_bytes() const {
  uint64_t all = 0;
  for (const PinnedMemory& memory : memory_) all += memory.size_bytes();
  return all;
}

Ring::~Ring() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  sent_.notify_all();
  recycler_.join();
  // A copy whose event could not be recorded is still on its way; nothing is freed before it is over.
  for (const StreamHandle& stream : streams_) {
    const api::Result over = device_.functions().cuStreamSynchronize(stream.raw());
    if (over == api::kSuccess) continue;
    host_.log(COLDLOAD_LOG_ERROR, device_.driver().failure(over, "cuda: cuStreamSynchronize").what());
  }
}

Ring::Buffer Ring::take() {
  std::unique_lock lock(mutex_);
  if (free_.empty()) {
    const uint64_t began_ns = host_.now_ns();
    freed_.wait(lock, [this] { return cancelled_ || failure_ || !free_.empty(); });
    times_.waited_ns += host_.now_ns() - began_ns;
  }
  if (failure_) throw sdk::Failure(*failure_);
  if (cancelled_) throw sdk::Failure(COLDLOAD_CANCELLED, "the run was stopped");
  const uint32_t number = free_.back();
  free_.pop_back();
  if (held_++ == 0) held_since_ns_ = host_.now_ns();
  const Slot& slot = slots_[number];
  return {number, slot.region, slot.data, slot_bytes_};
}

// With the mutex held.
void Ring::let_go(uint64_t now_ns) {
  if (--held_ == 0 && !keep(reading_, {held_since_ns_, now_ns})) too_many_ = true;
}

void Ring::note_failure(const sdk::Failure& failure) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = failure;
  }
  freed_.notify_all();
}

void Ring::send(uint32_t number, api::DevicePointer to, const std::byte* from, uint64_t length) {
  const api::Functions& functions = device_.functions();
  const Driver& driver = device_.driver();
  Slot& slot = slots_[number];
  slot.length = length;
  slot.sent_ns = host_.now_ns();
  auto* const stream = streams_[number % streams_.size()].raw();
  try {
    device_.make_current();
    driver.check(functions.cuMemcpyHtoDAsync_v2(to, from, length, stream), "cuMemcpyHtoDAsync_v2");
    driver.check(functions.cuEventRecord(slot.done.raw(), stream), "cuEventRecord");
  } catch (const sdk::Failure& failure) {
    // The copy may be under way without an event to tell its end: the buffer is not handed out again.
    {
      const std::lock_guard lock(mutex_);
      let_go(host_.now_ns());
    }
    note_failure(failure);
    throw;
  }
  {
    const std::lock_guard lock(mutex_);
    let_go(host_.now_ns());
    under_way_.push_back(number);
    ++copies_under_way_;
  }
  sent_.notify_one();
}

void Ring::send_pageable(api::DevicePointer to, const void* from, uint64_t length) {
  const api::Functions& functions = device_.functions();
  const uint32_t turn = next_stream_.fetch_add(1, std::memory_order_relaxed);
  auto* const stream = streams_[turn % streams_.size()].raw();
  device_.make_current();
  const uint64_t began_ns = host_.now_ns();
  device_.driver().check(functions.cuMemcpyHtoDAsync_v2(to, from, length, stream), "cuMemcpyHtoDAsync_v2");
  device_.driver().check(functions.cuStreamSynchronize(stream), "cuStreamSynchronize");
  const std::lock_guard lock(mutex_);
  note_copy(began_ns, host_.now_ns(), length);
}

// With the mutex held.
void Ring::note_copy(uint64_t begin_ns, uint64_t end_ns, uint64_t length) {
  if (!keep(copying_, {begin_ns, end_ns})) too_many_ = true;
  times_.copied_bytes += length;
  ++times_.copies;
}

// The recycler's thread: in the order of sending, which is about the order of arrival.
void Ring::recycle_when_done() {
  bool usable = true;
  try {
    device_.make_current();
  } catch (const sdk::Failure& failure) {
    note_failure(failure);
    usable = false;
  }
  while (true) {
    uint32_t number = 0;
    {
      std::unique_lock lock(mutex_);
      sent_.wait(lock, [this] { return stopping_ || !under_way_.empty(); });
      if (under_way_.empty()) return;
      number = under_way_.front();
      under_way_.pop_front();
    }
    if (usable) wait_for(number);
    {
      const std::lock_guard lock(mutex_);
      --copies_under_way_;
    }
    drained_.notify_all();
  }
}

void Ring::wait_for(uint32_t number) {
  const Slot& slot = slots_[number];
  try {
    device_.driver().check(device_.functions().cuEventSynchronize(slot.done.raw()), "cuEventSynchronize");
  } catch (const sdk::Failure& failure) {
    return note_failure(failure);
  }
  {
    const std::lock_guard lock(mutex_);
    note_copy(slot.sent_ns, host_.now_ns(), slot.length);
    free_.push_back(number);
  }
  freed_.notify_one();
}

void Ring::drain() {
  std::unique_lock lock(mutex_);
  drained_.wait(lock, [this] { return copies_under_way_ == 0; });
  if (failure_) throw sdk::Failure(*failure_);
}

void Ring::cancel() noexcept {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  freed_.notify_all();
}

RingTimes Ring::times() const {
  const std::lock_guard lock(mutex_);
  RingTimes times = times_;
  if (too_many_) return times;
  const Intervals copying = united(copying_);
  times.copying_ns = total_ns(copying);
  times.hidden_ns = common_ns(copying, united(reading_));
  return times;
}

}  // namespace coldload::cuda
