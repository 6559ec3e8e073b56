#include "core/run/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "core/base/file.hpp"

namespace coldload {
namespace {

LoadJob& job_of(const coldload_job* job) {
  return *static_cast<LoadJob*>(job->host_data);
}

void lower_to(std::atomic<uint64_t>& minimum, uint64_t value) {
  uint64_t seen = minimum.load(std::memory_order_relaxed);
  while (value < seen && !minimum.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

void raise_to(std::atomic<uint64_t>& maximum, uint64_t value) {
  uint64_t seen = maximum.load(std::memory_order_relaxed);
  while (value > seen && !maximum.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

LoadJob::LoadJob(std::vector<LoadItem> items, Destination& destination, JobOptions options)
    : items_(std::move(items)),
      destination_(destination),
      options_(std::move(options)),
      pacer_(options_.max_bandwidth, options_.cancelled) {
  for (const LoadItem& item : items_) {
    states_.push_back(std::make_unique<ItemState>(item.size_bytes));
    if (options_.verify) states_.back()->digest = std::make_unique<RangeDigest>(item.size_bytes);
    std::vector<coldload_extent> extents;
    extents.reserve(item.extents.size());
    for (const Extent& extent : item.extents)
      extents.push_back({extent.name.c_str(), extent.offset, extent.length});
    extent_tables_.push_back(std::move(extents));
    item_table_.push_back({item.object, item.size_bytes, static_cast<uint32_t>(extent_tables_.back().size()),
                           0, extent_tables_.back().data()});
  }
  if (options_.verify) {
    destination_.observe([this](uint32_t item, uint64_t offset, std::span<const std::byte> bytes) {
      return states_[item]->digest->add(offset, bytes);
    });
  }
  table_.struct_size = sizeof table_;
  table_.item_count = static_cast<uint32_t>(item_table_.size());
  table_.items = item_table_.data();
  table_.regions = destination_.regions().data();
  table_.region_count = static_cast<uint32_t>(destination_.regions().size());
  table_.host_data = this;
  table_.acquire = acquire_entry;
  table_.deliver = deliver_entry;
  table_.deliver_mapped = deliver_mapped_entry;
}

void LoadJob::start_clock() {
  clock_start_ns_ = now_ns();
  pacer_.start();
}

Result<void> LoadJob::check_range(uint32_t item, uint64_t offset, uint64_t length) const {
  if (item >= items_.size()) {
    return fail(Status::internal,
                fmt::format("the strategy named item {}, there are {}", item, items_.size()));
  }
  const uint64_t size = items_[item].size_bytes;
  if (length > size || offset > size - length) {
    return fail(Status::internal, fmt::format("{}: the strategy asked for bytes {}+{} of {}",
                                              items_[item].name, offset, length, size));
  }
  return {};
}

Result<void> LoadJob::acquire(uint32_t item, uint64_t offset, uint64_t length, coldload_buffer& out) {
  auto checked = check_range(item, offset, length);
  if (!checked) return checked;
  if (auto claimed = pacer_.claim(length); !claimed) return claimed;
  auto acquired = destination_.acquire(item, offset, length, out);
  if (!acquired) return acquired;
  requested_bytes_.fetch_add(length, std::memory_order_relaxed);
  out.acquired_ns = now_ns();
  return {};
}

Result<void> LoadJob::landed(uint32_t item, uint64_t offset, uint64_t length) {
  ItemState& state = *states_[item];
  const uint64_t since_start = now_ns() - clock_start_ns_;
  lower_to(state.first_ns, since_start);
  raise_to(state.last_ns, since_start);
  auto covered = state.coverage.add(offset, length);
  if (!covered)
    return fail(covered.error().status, fmt::format("{}: {}", items_[item].name, covered.error().message));
  delivered_bytes_.fetch_add(length, std::memory_order_relaxed);
  return {};
}

// The range was checked when it was acquired, and the destination sees to it that it is still the same.
Result<void> LoadJob::deliver(const coldload_buffer& buffer) {
  const uint64_t now = now_ns();
  latency_.add(now > buffer.acquired_ns ? now - buffer.acquired_ns : 0);
  const uint32_t item = buffer.item;
  const uint64_t offset = buffer.offset;
  const uint64_t length = buffer.length;
  auto taken = destination_.deliver(buffer);
  if (!taken) return taken;
  return landed(item, offset, length);
}

Result<void> LoadJob::deliver_mapped(uint32_t item, uint64_t offset, uint64_t length, const void* data) {
  auto checked = check_range(item, offset, length);
  if (!checked) return checked;
  if (auto claimed = pacer_.claim(length); !claimed) return claimed;
  requested_bytes_.fetch_add(length, std::memory_order_relaxed);
  const uint64_t begin = now_ns();
  auto taken = destination_.deliver_mapped(item, offset, length, static_cast<const std::byte*>(data));
  if (!taken) return taken;
  latency_.add(now_ns() - begin);
  return landed(item, offset, length);
}

// Brought by the strategy itself: nothing was acquired, nothing passed through here.
Result<void> LoadJob::placed(uint32_t item, uint64_t offset, uint64_t length) {
  auto checked = check_range(item, offset, length);
  if (!checked) return checked;
  if (auto claimed = pacer_.claim(length); !claimed) return claimed;
  requested_bytes_.fetch_add(length, std::memory_order_relaxed);
  return landed(item, offset, length);
}

coldload_status LoadJob::note(Result<void> result, coldload_error* error) {
  if (result) return COLDLOAD_OK;
  if (error != nullptr) {
    error->os_error = result.error().os_error;
    error->retryable = 0;
    std::snprintf(error->message, sizeof error->message, "%s", result.error().message.c_str());
  }
  const std::lock_guard lock(fault_mutex_);
  if (!fault_) fault_ = result.error();
  return static_cast<coldload_status>(result.error().status);
}

Result<void> LoadJob::check_complete() const {
  {
    const std::lock_guard lock(fault_mutex_);
    if (fault_) return fail(fault_->status, fault_->message, fault_->os_error);
  }
  for (size_t item = 0; item < items_.size(); ++item) {
    const Coverage& coverage = states_[item]->coverage;
    if (const auto gap = coverage.first_gap()) {
      return fail(Status::integrity,
                  fmt::format("{}: {} of {} bytes were delivered, {} never came", items_[item].name,
                              coverage.covered_bytes(), items_[item].size_bytes, *gap));
    }
  }
  if (const size_t kept = destination_.outstanding(); kept != 0) {
    return fail(Status::internal, fmt::format("the strategy kept {} buffers it had acquired", kept));
  }
  return {};
}

LoadJob::ItemTimes LoadJob::times(size_t item) const {
  ItemTimes out;
  const uint64_t first = states_[item]->first_ns.load();
  if (first == UINT64_MAX) return out;
  out.first_ns = first;
  out.last_ns = states_[item]->last_ns.load();
  return out;
}

Result<Digest> LoadJob::digest(size_t item) const {
  if (!states_[item]->digest) return fail(Status::internal, "this load was not verified");
  return states_[item]->digest->finish();
}

coldload_status LoadJob::acquire_entry(const coldload_job* job, uint32_t item, uint64_t offset,
                                       uint64_t length, coldload_buffer* out,
                                       coldload_error* error) noexcept {
  return job_of(job).note(job_of(job).acquire(item, offset, length, *out), error);
}

coldload_status LoadJob::deliver_entry(const coldload_job* job, const coldload_buffer* buffer,
                                       coldload_error* error) noexcept {
  return job_of(job).note(job_of(job).deliver(*buffer), error);
}

coldload_status LoadJob::deliver_mapped_entry(const coldload_job* job, uint32_t item, uint64_t offset,
                                              uint64_t length, const void* data,
                                              coldload_error* error) noexcept {
  return job_of(job).note(job_of(job).deliver_mapped(item, offset, length, data), error);
}

struct PlacingEntries {
  static const coldload_device_memory* device_memory(const coldload_job* job) noexcept {
    return static_cast<const coldload_device_memory*>(
        job_of(job).destination_.extension(COLDLOAD_EXT_DEVICE_MEMORY));
  }
  static coldload_status placed(const coldload_job* job, uint32_t item, uint64_t offset, uint64_t length,
                                coldload_error* error) noexcept {
    return job_of(job).note(job_of(job).placed(item, offset, length), error);
  }
};

const coldload_placing_ops& placing_extension() {
  static constexpr coldload_placing_ops kPlacing = {sizeof(coldload_placing_ops), 0,
                                                    PlacingEntries::device_memory, PlacingEntries::placed};
  return kPlacing;
}

}  // namespace coldload
