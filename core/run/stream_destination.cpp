#include "core/run/stream_destination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

// Mapped memory is copied in pieces that a core's cache holds, as a reader of 1 MiB chunks would.
constexpr uint64_t kMappedPieceBytes = limits::kMiB;

Result<void> no_buffers() {
  return fail(Status::internal, "the strategy's requirements said no buffer is in flight, and it delivers");
}

}  // namespace

Result<void> StreamDestination::begin(std::span<const uint64_t> /*item_bytes*/, const BufferNeeds& needs) {
  if (needs.buffers_in_flight == 0) return {};  // nothing will be delivered
  const uint64_t buffer_bytes = needs.buffer_bytes == 0 ? kMappedPieceBytes : needs.buffer_bytes;
  const uint64_t alignment = std::max<uint64_t>(needs.alignment_bytes, limits::kPageBytes);
  // One spare page: a buffer starts at the same place within a page as its range does in the file.
  slot_bytes_ = round_up(buffer_bytes, alignment) + limits::kPageBytes;
  const uint64_t wanted = std::max<uint64_t>(needs.buffers_in_flight, 1);
  const uint64_t asked = needs.pool_bytes / slot_bytes_;
  if (needs.pool_bytes != 0 && asked < wanted) {
    return fail(
        Status::unsupported,
        fmt::format(
            "a pool of {} holds {} buffers of {}, the strategy has {} in flight: raise [run] pool to {}",
            format_bytes(needs.pool_bytes), asked, format_bytes(slot_bytes_), wanted,
            format_bytes(wanted * slot_bytes_)));
  }
  const uint64_t slot_count = std::max(wanted, asked);
  const uint64_t slots_per_region = std::max<uint64_t>(limits::kRegionBytesMax / slot_bytes_, 1);
  for (uint64_t made = 0; made < slot_count; made += slots_per_region) {
    const uint64_t slots_here = std::min(slots_per_region, slot_count - made);
    // Whole huge pages even for one small buffer.
    auto memory = Memory::map(round_up(slots_here * slot_bytes_, limits::kHugePageBytes));
    if (!memory) return pass(memory);
    memory->touch();
    const bool registrable = memory->size_bytes() <= limits::kRegionBytesMax;
    const uint32_t region = registrable ? static_cast<uint32_t>(regions_.size()) : COLDLOAD_NO_REGION;
    if (registrable) regions_.push_back({memory->data(), memory->size_bytes()});
    for (uint64_t slot = 0; slot < slots_here; ++slot) {
      slots_.push_back({memory->data() + slot * slot_bytes_, region, false, {}});
    }
    memory_.push_back(std::move(*memory));
  }
  for (size_t slot = slots_.size(); slot > 0; --slot) free_.push_back(static_cast<uint32_t>(slot - 1));
  return {};
}

Result<void> StreamDestination::acquire(uint32_t item, uint64_t offset, uint64_t length,
                                        coldload_buffer& out) {
  if (slots_.empty()) return no_buffers();
  const uint64_t lead = offset % limits::kPageBytes;
  if (lead + length > slot_bytes_) {
    return fail(Status::internal,
                fmt::format("the strategy asked for a buffer of {} bytes, its requirements said {}", length,
                            slot_bytes_ - limits::kPageBytes));
  }
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [this] { return cancelled_ || !free_.empty(); });
  if (cancelled_) return fail(Status::cancelled, "the run was stopped");
  const uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  slot.in_use = true;
  slot.range = {item, offset, length};
  out.struct_size = sizeof out;
  out.region = slot.region;
  out.data = slot.data + lead;
  out.capacity_bytes = slot_bytes_ - lead;
  out.item = item;
  out.reserved = 0;
  out.offset = offset;
  out.length = length;
  out.token = index;
  return {};
}

// A plugin may have written into the buffer's description: only what acquire() noted counts.
Result<StreamDestination::Slot> StreamDestination::take_back(uint64_t token) {
  const std::lock_guard lock(mutex_);
  if (token >= slots_.size()) {
    return fail(Status::internal, "a buffer was delivered that never was acquired");
  }
  Slot& slot = slots_[token];
  if (!slot.in_use) return fail(Status::internal, "a buffer was delivered twice");
  slot.in_use = false;
  return slot;
}

void StreamDestination::recycle(uint64_t token) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(static_cast<uint32_t>(token));
  }
  freed_.notify_one();
}

Result<void> StreamDestination::deliver(const coldload_buffer& buffer) {
  const uint64_t token = buffer.token;
  const auto slot = take_back(token);
  if (!slot) return pass(slot);
  auto seen = check_unchanged(buffer, slot->range);
  if (seen) {
    const auto* data = slot->data + slot->range.offset % limits::kPageBytes;
    seen = observed(slot->range.item, slot->range.offset, {data, slot->range.length});
  }
  // Only now: the next one to acquire it writes over what the observer reads.
  recycle(token);
  return seen;
}

Result<void> StreamDestination::copy_piece(uint32_t item, uint64_t offset, std::span<const std::byte> piece) {
  coldload_buffer buffer{};
  auto acquired = acquire(item, offset, piece.size(), buffer);
  if (!acquired) return acquired;
  std::memcpy(buffer.data, piece.data(), piece.size());
  return deliver(buffer);
}

Result<void> StreamDestination::deliver_mapped(uint32_t item, uint64_t offset, uint64_t length,
                                               const std::byte* data) {
  if (slots_.empty()) return no_buffers();
  if (mapped_ == MappedDelivery::touch) {
    for (uint64_t at = 0; at < length; at += limits::kPageBytes) {
      static_cast<void>(*static_cast<const volatile std::byte*>(data + at));
    }
    if (length != 0) static_cast<void>(*static_cast<const volatile std::byte*>(data + length - 1));
    return observed(item, offset, {data, length});
  }
  const uint64_t piece_bytes = slot_bytes_ - limits::kPageBytes;
  for (uint64_t at = 0; at < length; at += piece_bytes) {
    const uint64_t piece = std::min(piece_bytes, length - at);
    auto copied = copy_piece(item, offset + at, {data + at, piece});
    if (!copied) return copied;
  }
  return {};
}

void StreamDestination::cancel() {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  freed_.notify_all();
}

size_t StreamDestination::outstanding() const {
  const std::lock_guard lock(mutex_);
  return slots_.size() - free_.size();
}

}  // namespace coldload
