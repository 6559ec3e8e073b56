#include "core/run/host_destination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/limits.hpp"
#include "core/run/stream_destination.hpp"

namespace coldload {

Result<void> HostDestination::begin(std::span<const uint64_t> item_bytes, const BufferNeeds& needs) {
  const uint64_t alignment = std::max<uint64_t>(needs.alignment_bytes, limits::kPageBytes);
  // A multiple of the strategy's chunk, so that no chunk straddles two regions.
  const uint64_t unit = round_up(std::max<uint64_t>(needs.buffer_bytes, 1), alignment);
  region_bytes_ = unit > limits::kRegionBytesMax ? 0 : limits::kRegionBytesMax / unit * unit;
  for (const uint64_t bytes : item_bytes) {
    auto memory = Memory::map(round_up(bytes, alignment) + limits::kPageBytes);
    if (!memory) return pass(memory);
    const auto first_region = static_cast<uint32_t>(regions_.size());
    if (region_bytes_ != 0) {
      const uint64_t end = round_up(bytes, alignment);
      for (uint64_t at = 0; at < end; at += region_bytes_) {
        regions_.push_back({memory->data() + at, std::min(region_bytes_, end - at)});
      }
    }
    items_.push_back({std::move(*memory), first_region});
  }
  return {};
}

uint32_t HostDestination::region_of(uint32_t item, uint64_t offset, uint64_t length) const {
  if (region_bytes_ == 0 || length == 0) return COLDLOAD_NO_REGION;
  const uint64_t first = offset / region_bytes_;
  if ((offset + length - 1) / region_bytes_ != first) return COLDLOAD_NO_REGION;
  return items_[item].first_region + static_cast<uint32_t>(first);
}

Result<void> HostDestination::acquire(uint32_t item, uint64_t offset, uint64_t length, coldload_buffer& out) {
  if (cancelled_) return fail(Status::cancelled, "the run was stopped");
  out.struct_size = sizeof out;
  out.region = region_of(item, offset, length);
  // The item's memory starts on a page, as the item does: addresses and offsets are congruent by themselves.
  out.data = items_[item].memory.data() + offset;
  out.capacity_bytes = items_[item].memory.size_bytes() - offset;
  out.item = item;
  out.reserved = 0;
  out.offset = offset;
  out.length = length;
  const std::lock_guard lock(mutex_);
  out.token = next_token_++;
  out_[out.token] = {item, offset, length};
  return {};
}

Result<void> HostDestination::deliver(const coldload_buffer& buffer) {
  AcquiredRange range;
  {
    const std::lock_guard lock(mutex_);
    const auto found = out_.find(buffer.token);
    if (found == out_.end()) return fail(Status::internal, "a buffer was delivered that is not acquired");
    range = found->second;
    out_.erase(found);
  }
  auto unchanged = check_unchanged(buffer, range);
  if (!unchanged) return unchanged;
  return observed(range.item, range.offset, {items_[range.item].memory.data() + range.offset, range.length});
}

Result<void> HostDestination::deliver_mapped(uint32_t item, uint64_t offset, uint64_t length,
                                             const std::byte* data) {
  if (cancelled_) return fail(Status::cancelled, "the run was stopped");
  std::byte* target = items_[item].memory.data() + offset;
  if (length != 0) std::memcpy(target, data, length);
  return observed(item, offset, {target, length});
}

size_t HostDestination::outstanding() const {
  const std::lock_guard lock(mutex_);
  return out_.size();
}

Result<void> check_unchanged(const coldload_buffer& buffer, const AcquiredRange& acquired) {
  if (buffer.item == acquired.item && buffer.offset == acquired.offset && buffer.length == acquired.length) {
    return {};
  }
  return fail(Status::internal,
              fmt::format("a buffer was delivered as bytes {}+{} of item {}, it was acquired for {}+{} of {}",
                          buffer.offset, buffer.length, buffer.item, acquired.offset, acquired.length,
                          acquired.item));
}

std::unique_ptr<Destination> make_destination(std::string_view name) {
  if (name == "stream") return std::make_unique<StreamDestination>();
  if (name == "host") return std::make_unique<HostDestination>();
  return nullptr;
}

}  // namespace coldload
