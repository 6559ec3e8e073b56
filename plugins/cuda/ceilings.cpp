#include "ceilings.hpp"

#include <vector>

#include "handles.hpp"
#include "pinned.hpp"

namespace coldload::cuda {
namespace {

constexpr uint64_t kBlockBytes = uint64_t{64} << 20;
constexpr uint64_t kMeasureNs = 500'000'000;

// Two copies under way on two streams, so that the link has no gaps.
class Pair {
 public:
  using Copy = std::function<api::Result(uint32_t half, api::Stream stream)>;

  Pair(const sdk::Host& host, const Device& device) : host_(host), device_(device) {
    for (int i = 0; i < 2; ++i) streams_.push_back(make_stream(device));
  }

  [[nodiscard]] double rate(const char* call, const Copy& copy) {
    both(call, copy);  // what is done at the first time only
    const uint64_t began_ns = host_.now_ns();
    uint64_t moved = 0;
    while (host_.now_ns() - began_ns < kMeasureNs && !host_.cancelled()) {
      both(call, copy);
      moved += 2 * kBlockBytes;
    }
    const uint64_t took_ns = host_.now_ns() - began_ns;
    return static_cast<double>(moved) * 1e9 / static_cast<double>(took_ns);
  }

 private:
  void both(const char* call, const Copy& copy) {
    const api::Functions& functions = device_.functions();
    for (uint32_t half = 0; half < 2; ++half) {
      device_.driver().check(copy(half, streams_[half].raw()), call);
    }
    if (const std::string link = device_.link_now(); !link.empty()) host_.evidence("pcie_link_busy", link);
    for (const StreamHandle& stream : streams_) {
      device_.driver().check(functions.cuStreamSynchronize(stream.raw()), "cuStreamSynchronize");
    }
  }

  const sdk::Host& host_;
  const Device& device_;
  std::vector<StreamHandle> streams_;
};

}  // namespace

void measure_rates(const sdk::Host& host, const Device& device,
                   const std::function<void(const MeasuredRate&)>& found) {
  const api::Functions& functions = device.functions();
  uint64_t lost_bytes = 0;
  const DeviceMemory on_device(device, 2 * kBlockBytes, "the probe");
  const NearNode near(device.numa_node());
  const PinnedMemory pinned(device, 2 * kBlockBytes, Pinning::registered, lost_bytes);
  const std::vector<std::byte> ordinary(2 * kBlockBytes, std::byte{1});
  Pair pair(host, device);
  found({"gpu/pinned_to_device",
         pair.rate("cuMemcpyHtoDAsync_v2",
                   [&](uint32_t half, api::Stream stream) {
                     const uint64_t at = half * kBlockBytes;
                     return functions.cuMemcpyHtoDAsync_v2(on_device.at(at), pinned.data() + at, kBlockBytes,
                                                           stream);
                   }),
         kBlockBytes});
  found({"gpu/device_to_pinned",
         pair.rate("cuMemcpyDtoHAsync_v2",
                   [&](uint32_t half, api::Stream stream) {
                     const uint64_t at = half * kBlockBytes;
                     return functions.cuMemcpyDtoHAsync_v2(pinned.data() + at, on_device.at(at), kBlockBytes,
                                                           stream);
                   }),
         kBlockBytes});
  found({"gpu/pageable_to_device",
         pair.rate("cuMemcpyHtoDAsync_v2",
                   [&](uint32_t half, api::Stream stream) {
                     const uint64_t at = half * kBlockBytes;
                     return functions.cuMemcpyHtoDAsync_v2(on_device.at(at), ordinary.data() + at,
                                                           kBlockBytes, stream);
                   }),
         kBlockBytes});
}

}  // namespace coldload::cuda
