// Where bytes end up. A destination hands out the memory to read into and takes it back full.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "coldload/strategy.h"
#include "core/base/result.hpp"
#include "core/run/memory.hpp"

namespace coldload {

// What a load needs of its destination: from the strategy's requirements and the objects.
struct BufferNeeds {
  uint64_t buffer_bytes = 0;  // 0: only mapped memory is delivered
  uint32_t buffers_in_flight = 1;
  uint32_t alignment_bytes = 1;
  uint64_t pool_bytes = 0;  // asked for by the scenario; 0: what the strategy needs
};

// What a buffer was acquired for, as the host noted it.
struct AcquiredRange {
  uint32_t item = 0;
  uint64_t offset = 0;
  uint64_t length = 0;
};

// That the strategy left the buffer's description as it was: coverage must not count what it made up.
[[nodiscard]] Result<void> check_unchanged(const coldload_buffer& buffer, const AcquiredRange& acquired);

enum class MappedDelivery { copy, touch };

// Called with each range that landed while its bytes are still there: the digest hangs on it. [worker-thread]
using Observer = std::function<Result<void>(uint32_t item, uint64_t offset, std::span<const std::byte>)>;

class Destination {
 public:
  virtual ~Destination() = default;

  // Makes the memory. `stream` touches all of it; `host` leaves that to the clock. [control-thread]
  [[nodiscard]] virtual Result<void> begin(std::span<const uint64_t> item_bytes,
                                           const BufferNeeds& needs) = 0;
  [[nodiscard]] virtual const std::vector<coldload_region>& regions() const = 0;

  // The four below as in coldload/strategy.h; ranges are inside their item, the caller has checked.
  // [worker-thread]
  [[nodiscard]] virtual Result<void> acquire(uint32_t item, uint64_t offset, uint64_t length,
                                             coldload_buffer& out) = 0;
  [[nodiscard]] virtual Result<void> deliver(const coldload_buffer& buffer) = 0;
  [[nodiscard]] virtual Result<void> deliver_mapped(uint32_t item, uint64_t offset, uint64_t length,
                                                    const std::byte* data) = 0;
  // Returns when every delivered byte is where it belongs; inside the clock. [control-thread]
  [[nodiscard]] virtual Result<void> finish() = 0;

  // After a complete load, outside the clock: shows the observer what lies at the destination, where it was
  // not shown on its way. [control-thread]
  [[nodiscard]] virtual Result<void> observe_kept() { return {}; }

  // An interface of the destination's plugin by id; null for coldload's own. [control-thread]
  [[nodiscard]] virtual const void* extension(const char* /*id*/) const { return nullptr; }

  // Wakes every waiting acquire(), which then fails with Status::cancelled. [any-thread]
  virtual void cancel() = 0;
  // Buffers acquired and not delivered. [control-thread]
  [[nodiscard]] virtual size_t outstanding() const = 0;

  void observe(Observer observer) { observer_ = std::move(observer); }
  void set_mapped_delivery(MappedDelivery delivery) { mapped_ = delivery; }

 protected:
  [[nodiscard]] Result<void> observed(uint32_t item, uint64_t offset,
                                      std::span<const std::byte> bytes) const {
    return observer_ ? observer_(item, offset, bytes) : Result<void>{};
  }
  Observer observer_;
  MappedDelivery mapped_ = MappedDelivery::copy;
};

// "stream" or "host"; null for another name. Those of plugins: core/run/plugin_destination.hpp.
[[nodiscard]] std::unique_ptr<Destination> make_destination(std::string_view name);

}  // namespace coldload
