// How fast copies to and from one GPU are by themselves.
#pragma once

#include <functional>

#include "device.hpp"

namespace coldload::cuda {

struct MeasuredRate {
  const char* tag;
  double bytes_per_second;
  uint64_t block_bytes;
};

// From pinned memory to the device and back, and from ordinary memory to the device; half a second each. The
// link's speed while it is busy is told the host as evidence. [control-thread]
void measure_rates(const sdk::Host& host, const Device& device,
                   const std::function<void(const MeasuredRate&)>& found);

}  // namespace coldload::cuda
