// Streams and events, given back by destruction.
#pragma once

#include <utility>

#include "device.hpp"

namespace coldload::cuda {

// Moved-from: empty. The context must be current where it is made and where it is destroyed.
template <typename Raw, api::Result (*api::Functions::*kCreate)(Raw*, unsigned),
          api::Result (*api::Functions::*kDestroy)(Raw)>
class Handle {
 public:
  Handle(const Device& device, unsigned flags, const char* call) : functions_(device.functions()) {
    device.driver().check((functions_.*kCreate)(&raw_, flags), call);
  }
  Handle(Handle&& other) noexcept : functions_(other.functions_), raw_(std::exchange(other.raw_, nullptr)) {}
  Handle& operator=(Handle&& other) = delete;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (raw_ != nullptr) (functions_.*kDestroy)(raw_);
  }
  [[nodiscard]] Raw raw() const { return raw_; }

 private:
  const api::Functions& functions_;
  Raw raw_ = nullptr;
};

using StreamHandle =
    Handle<api::Stream, &api::Functions::cuStreamCreate, &api::Functions::cuStreamDestroy_v2>;
using EventHandle = Handle<api::Event, &api::Functions::cuEventCreate, &api::Functions::cuEventDestroy_v2>;

[[nodiscard]] inline StreamHandle make_stream(const Device& device) {
  return {device, api::kStreamNonBlocking, "cuStreamCreate"};
}
// Whoever waits for it spins: one that wakes a sleeper (CU_EVENT_BLOCKING_SYNC) interrupts the host after
// each copy, which was seen to take a warm load from 45 GB/s to 37. Without the device's own time: writing it
// left the link idle for 1.5 us more after each copy (44.7 GB/s instead of 48.1 in copies of 1 MiB, 52.5
// instead of 53.5 in copies of 4 MiB, on an H200).
[[nodiscard]] inline EventHandle make_event(const Device& device) {
  return {device, api::kEventWithoutTime, "cuEventCreate"};
}

}  // namespace coldload::cuda
