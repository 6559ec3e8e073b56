#include "core/run/plugin_destination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

constexpr uint64_t kReadBackBytes = 16 * limits::kMiB;

}  // namespace

Result<void> PluginDestination::begin(std::span<const uint64_t> item_bytes, const BufferNeeds& needs) {
  item_bytes_.assign(item_bytes.begin(), item_bytes.end());
  buffer_bytes_ = needs.buffer_bytes;
  coldload_destination_needs given{};
  given.struct_size = sizeof given;
  given.item_count = static_cast<uint32_t>(item_bytes_.size());
  given.item_bytes = item_bytes_.data();
  given.buffer_bytes = needs.buffer_bytes;
  given.buffers_in_flight = needs.buffers_in_flight;
  given.alignment_bytes = std::max<uint32_t>(needs.alignment_bytes, 1);
  const auto pool = component_->begin(given);
  if (!pool) return pass(pool);
  regions_.assign(pool->regions, pool->regions + pool->region_count);
  return {};
}

Result<void> PluginDestination::acquire(uint32_t item, uint64_t offset, uint64_t length,
                                        coldload_buffer& out) {
  if (length > buffer_bytes_) {
    return fail(Status::internal,
                fmt::format("the strategy asked for a buffer of {} bytes, its requirements said {}", length,
                            buffer_bytes_));
  }
  coldload_buffer buffer{};
  buffer.struct_size = sizeof buffer;
  buffer.region = COLDLOAD_NO_REGION;
  buffer.item = item;
  buffer.offset = offset;
  buffer.length = length;
  auto acquired = component_->acquire(item, offset, length, buffer);
  if (!acquired) return acquired;
  buffer.item = item;
  buffer.offset = offset;
  buffer.length = length;
  out = buffer;
  const std::lock_guard lock(mutex_);
  out.token = next_token_++;
  out_.emplace(out.token, buffer);
  return {};
}

Result<coldload_buffer> PluginDestination::take_back(const coldload_buffer& buffer) {
  const std::lock_guard lock(mutex_);
  const auto found = out_.find(buffer.token);
  if (found == out_.end()) return fail(Status::internal, "a buffer was delivered that is not acquired");
  const coldload_buffer acquired = found->second;
  out_.erase(found);
  return acquired;
}

Result<void> PluginDestination::deliver(const coldload_buffer& buffer) {
  const auto acquired = take_back(buffer);
  if (!acquired) return pass(acquired);
  auto done = check_unchanged(buffer, {acquired->item, acquired->offset, acquired->length});
  if (done) {
    done = observed_on_its_way(acquired->item, acquired->offset,
                               {static_cast<const std::byte*>(acquired->data), acquired->length});
  }
  // The plugin gets its buffer back in any case; the first failure is the one that is told.
  auto delivered = component_->deliver(*acquired);
  return done ? std::move(delivered) : std::move(done);
}

Result<void> PluginDestination::deliver_mapped(uint32_t item, uint64_t offset, uint64_t length,
                                               const std::byte* data) {
  auto seen = observed_on_its_way(item, offset, {data, length});
  if (!seen) return seen;
  return component_->deliver_mapped(item, offset, length, data);
}

Result<void> PluginDestination::observed_on_its_way(uint32_t item, uint64_t offset,
                                                    std::span<const std::byte> bytes) const {
  return component_->keeps_bytes() ? Result<void>{} : observed(item, offset, bytes);
}

Result<void> PluginDestination::observe_kept() {
  if (!component_->keeps_bytes() || !observer_) return {};
  const auto memory = Memory::map(kReadBackBytes);
  if (!memory) return pass(memory);
  for (uint32_t item = 0; item < item_bytes_.size(); ++item) {
    for (uint64_t offset = 0; offset < item_bytes_[item]; offset += kReadBackBytes) {
      const uint64_t length = std::min(kReadBackBytes, item_bytes_[item] - offset);
      auto read = component_->read_back(item, offset, memory->data(), length);
      if (!read) return read;
      auto seen = observed(item, offset, {memory->data(), length});
      if (!seen) return seen;
    }
  }
  return {};
}

size_t PluginDestination::outstanding() const {
  const std::lock_guard lock(mutex_);
  return out_.size();
}

}  // namespace coldload
