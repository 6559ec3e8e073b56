// Destination "cuda": the whole model in a GPU's memory, brought there through a ring of pinned buffers.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ceilings.hpp"
#include "coldload/cpp/chunks.hpp"
#include "coldload/cpp/plugin.hpp"
#include "coldload/ext/ceilings.h"
#include "coldload/ext/device_memory.h"
#include "copiers.hpp"
#include "device.hpp"
#include "driver.hpp"
#include "ring.hpp"

namespace coldload::cuda {
namespace {

// Mapped memory goes in pieces of at most this, as a reader of chunks would bring it.
constexpr uint64_t kMappedPieceBytes = uint64_t{4} << 20;
// Below, another thread costs more than it copies.
constexpr uint64_t kMappedPieceBytesMin = uint64_t{256} << 10;

class Cuda : public sdk::Destination {
 public:
  Cuda(sdk::Host host, const sdk::Options& options)
      : host_(host),
        library_(options.path("library")),
        ordinal_(options.count("device")),
        streams_(options.count("streams")),
        ring_bytes_(options.bytes("ring")),
        pinning_(options.choice("pinned") == "register" ? Pinning::registered : Pinning::alloc),
        direct_(options.choice("mapped") == "direct"),
        copy_threads_(options.count("copy_threads")),
        near_device_(options.boolean("numa")) {}
  ~Cuda() override { release(); }

  coldload_destination_pool begin(const coldload_destination_needs& needs) override;
  void acquire(uint32_t item, uint64_t offset, uint64_t length, coldload_buffer& out) override;
  void deliver(const coldload_buffer& buffer) override;
  void deliver_mapped(uint32_t item, uint64_t offset, uint64_t length, const void* data) override;
  void finish() override;
  void cancel() noexcept override {
    if (ring_) ring_->cancel();
  }
  void read_back(uint32_t item, uint64_t offset, void* buffer, uint64_t length) override;
  const void* get_extension(std::string_view id) override;

 private:
  void open_device();
  void allocate(const coldload_destination_needs& needs);
  void pin(const coldload_destination_needs& needs);
  [[nodiscard]] RingShape shape_for(const coldload_destination_needs& needs) const;
  [[nodiscard]] api::DevicePointer place(uint32_t item, uint64_t offset) const {
    return items_[item]->at(offset);
  }
  void report(uint64_t finish_ns);
  void release() noexcept;
  static coldload_status address_of(void* self, uint32_t item, uint64_t* out, coldload_error* error);
  static coldload_status make_current(void* self, coldload_error* error);
  static coldload_status measure(void* self, void (*found)(void*, const coldload_ceiling*), void* context,
                                 coldload_error* error);

  sdk::Host host_;
  std::string library_;
  uint32_t ordinal_;
  uint32_t streams_;
  uint64_t ring_bytes_;
  Pinning pinning_;
  bool direct_;
  uint32_t copy_threads_;
  bool near_device_;
  uint64_t lost_bytes_ = 0;
  // In the order in which they need each other.
  std::unique_ptr<Driver> driver_;
  std::unique_ptr<Device> device_;
  std::vector<std::unique_ptr<DeviceMemory>> items_;  // null: of an empty item
  std::unique_ptr<Ring> ring_;
  std::unique_ptr<Copiers> copiers_;
  uint64_t piece_bytes_ = 0;
  coldload_device_memory memory_table_ = {sizeof(coldload_device_memory), 0, this, address_of, make_current};
};

void Cuda::open_device() {
  const uint64_t began_ns = host_.now_ns();
  driver_ = std::make_unique<Driver>(library_);
  device_ = std::make_unique<Device>(*driver_, ordinal_);
  device_->describe(host_);
  host_.metric("cuda/context_ns", "ns", static_cast<double>(host_.now_ns() - began_ns));
}

void Cuda::allocate(const coldload_destination_needs& needs) {
  const uint64_t began_ns = host_.now_ns();
  for (uint32_t i = 0; i < needs.item_count; ++i) {
    const std::string what = "item " + std::to_string(i + 1) + " of " + std::to_string(needs.item_count);
    const uint64_t bytes = needs.item_bytes[i];
    items_.push_back(bytes == 0 ? nullptr : std::make_unique<DeviceMemory>(*device_, bytes, what));
  }
  host_.metric("cuda/device_memory_ns", "ns", static_cast<double>(host_.now_ns() - began_ns));
}

RingShape Cuda::shape_for(const coldload_destination_needs& needs) const {
  RingShape shape;
  shape.streams = streams_;
  shape.pinning = pinning_;
  const bool mapped = needs.buffer_bytes == 0;
  shape.buffer_bytes = sdk::round_up(mapped ? kMappedPieceBytes : needs.buffer_bytes,
                                     std::max<uint64_t>(needs.alignment_bytes, sdk::kPageBytes));
  // A strategy that places bytes by itself fills none.
  const uint64_t filled = needs.buffers_in_flight == 0 ? 0
                          : mapped                     ? uint64_t{needs.buffers_in_flight} + copy_threads_
                                                       : needs.buffers_in_flight;
  // Without one more than are being filled, reading would wait for every copy.
  const uint64_t least = filled + 1;
  const uint64_t slot_bytes = shape.buffer_bytes + sdk::kPageBytes;
  const uint64_t asked = ring_bytes_ / slot_bytes;
  if (ring_bytes_ != 0 && asked < least) {
    throw sdk::Failure(COLDLOAD_UNSUPPORTED,
                       "ring of " + std::to_string(ring_bytes_) + " bytes holds " + std::to_string(asked) +
                           " buffers of " + std::to_string(slot_bytes) + ", and " + std::to_string(filled) +
                           " are filled at once: raise ring to " + std::to_string(least * slot_bytes) +
                           ", or leave it out");
  }
  shape.buffers = static_cast<uint32_t>(ring_bytes_ != 0 ? asked : filled + 2 * uint64_t{streams_});
  return shape;
}

void Cuda::pin(const coldload_destination_needs& needs) {
  const uint64_t began_ns = host_.now_ns();
  const RingShape shape = shape_for(needs);
  piece_bytes_ = shape.buffer_bytes;
  {
    const NearNode near(near_device_ ? device_->numa_node() : std::nullopt);
    ring_ = std::make_unique<Ring>(host_, *device_, shape, lost_bytes_);
    host_.evidence("ring_near_gpu", near.placed());
  }
  if (needs.buffer_bytes == 0 && !direct_) copiers_ = std::make_unique<Copiers>(copy_threads_);
  host_.metric("cuda/pinning_ns", "ns", static_cast<double>(host_.now_ns() - began_ns));
  host_.evidence("streams", shape.streams);
  host_.evidence("ring_buffers", shape.buffers);
  host_.evidence("ring_buffer_bytes", shape.buffer_bytes);
  host_.evidence("pinned", pinning_ == Pinning::alloc ? "alloc" : "register");
  if (pinning_ == Pinning::registered) {
    host_.metric("cuda/ring_bytes", "bytes", static_cast<double>(ring_->size_bytes()));
    host_.metric("cuda/ring_huge_page_bytes", "bytes", static_cast<double>(ring_->huge_page_bytes()));
  }
  if (needs.buffer_bytes == 0) host_.evidence("mapped_by", direct_ ? "direct" : "ring");
}

coldload_destination_pool Cuda::begin(const coldload_destination_needs& needs) {
  open_device();
  allocate(needs);
  pin(needs);
  coldload_destination_pool pool = {};
  pool.struct_size = sizeof pool;
  pool.memory = COLDLOAD_MEMORY_PINNED;
  pool.region_count = static_cast<uint32_t>(ring_->regions().size());
  pool.buffer_count = ring_->buffer_count();
  pool.regions = ring_->regions().data();
  return pool;
}

void Cuda::acquire(uint32_t /*item*/, uint64_t offset, uint64_t length, coldload_buffer& out) {
  const uint64_t lead = offset % sdk::kPageBytes;
  if (length > piece_bytes_) {
    throw sdk::Failure(COLDLOAD_INTERNAL, "a buffer of " + std::to_string(length) + " bytes was asked for, " +
                                              std::to_string(piece_bytes_) + " were announced");
  }
  const Ring::Buffer buffer = ring_->take();
  out.region = buffer.region;
  out.data = buffer.data + lead;
  out.capacity_bytes = buffer.capacity_bytes - lead;
  out.token = buffer.number;
}

void Cuda::deliver(const coldload_buffer& buffer) {
  ring_->send(static_cast<uint32_t>(buffer.token), place(buffer.item, buffer.offset),
              static_cast<const std::byte*>(buffer.data), buffer.length);
}

void Cuda::deliver_mapped(uint32_t item, uint64_t offset, uint64_t length, const void* data) {
  if (length == 0) return;
  if (direct_) return ring_->send_pageable(place(item, offset), data, length);
  const uint64_t share = sdk::round_up(length / (uint64_t{copy_threads_} + 1) + 1, kMappedPieceBytesMin);
  const uint64_t piece_bytes = std::min(share, piece_bytes_);
  const auto* bytes = static_cast<const std::byte*>(data);
  const auto copy = [&](uint64_t number) {
    const uint64_t at = number * piece_bytes;
    const uint64_t piece = std::min(piece_bytes, length - at);
    const Ring::Buffer buffer = ring_->take();
    std::byte* into = buffer.data + (offset + at) % sdk::kPageBytes;
    std::memcpy(into, bytes + at, piece);
    ring_->send(buffer.number, place(item, offset + at), into, piece);
  };
  const uint64_t count = (length + piece_bytes - 1) / piece_bytes;
  if (copiers_) return copiers_->run(count, copy);
  for (uint64_t number = 0; number < count; ++number) copy(number);
}

void Cuda::finish() {
  device_->make_current();
  const uint64_t began_ns = host_.now_ns();
  ring_->drain();
  report(host_.now_ns() - began_ns);
}

void Cuda::report(uint64_t finish_ns) {
  const RingTimes times = ring_->times();
  host_.metric("cuda/finish_ns", "ns", static_cast<double>(finish_ns));
  host_.metric("cuda/buffer_wait_ns", "ns", static_cast<double>(times.waited_ns));
  host_.metric("cuda/copies", "count", static_cast<double>(times.copies));
  host_.metric("cuda/copied_bytes", "bytes", static_cast<double>(times.copied_bytes));
  if (times.copying_ns && times.hidden_ns && *times.copying_ns != 0) {
    const auto copying_ns = static_cast<double>(*times.copying_ns);
    host_.metric("cuda/copy_ns", "ns", copying_ns);
    host_.metric("cuda/copy_rate", "bytes/s", static_cast<double>(times.copied_bytes) * 1e9 / copying_ns);
    host_.metric("cuda/copy_hidden", "ratio", static_cast<double>(*times.hidden_ns) / copying_ns);
  }
  const Device::Memory memory = device_->memory();
  host_.metric("cuda/gpu_memory_used_bytes", "bytes",
               static_cast<double>(memory.total_bytes - memory.free_bytes));
  if (const std::string link = device_->link_now(); !link.empty()) host_.evidence("pcie_link", link);
}

void Cuda::read_back(uint32_t item, uint64_t offset, void* buffer, uint64_t length) {
  device_->make_current();
  device_->driver().check(device_->functions().cuMemcpyDtoH_v2(buffer, place(item, offset), length),
                          "cuMemcpyDtoH_v2");
}

void Cuda::release() noexcept {
  if (!device_) return;
  try {
    device_->make_current();
  } catch (const sdk::Failure& failure) {
    host_.log(COLDLOAD_LOG_ERROR, std::string("cuda: giving back: ") + failure.what());
  }
  copiers_.reset();
  const bool pinned = ring_ != nullptr;
  ring_.reset();
  if (pinned) host_.metric("cuda/pinned_left_bytes", "bytes", static_cast<double>(lost_bytes_));
  items_.clear();
  device_.reset();
}

coldload_status Cuda::measure(void* self, void (*found)(void*, const coldload_ceiling*), void* context,
                              coldload_error* error) {
  return sdk::guarded(error, [&] {
    auto& cuda = *static_cast<Cuda*>(static_cast<sdk::Destination*>(self));
    cuda.open_device();
    measure_rates(cuda.host_, *cuda.device_, [&](const MeasuredRate& rate) {
      const coldload_ceiling ceiling = {sizeof ceiling, 0, rate.tag, rate.bytes_per_second, rate.block_bytes};
      found(context, &ceiling);
    });
  });
}

const void* Cuda::get_extension(std::string_view id) {
  static constexpr coldload_ceilings_ops kCeilings = {sizeof(coldload_ceilings_ops), 0, measure};
  if (id == COLDLOAD_EXT_CEILINGS) return &kCeilings;
  return id == COLDLOAD_EXT_DEVICE_MEMORY && ring_ != nullptr ? &memory_table_ : nullptr;
}

// An empty item has no memory, and needs none.
coldload_status Cuda::address_of(void* self, uint32_t item, uint64_t* out, coldload_error* error) {
  return sdk::guarded(error, [&] {
    const auto& memory = static_cast<Cuda*>(self)->items_.at(item);
    *out = memory != nullptr ? memory->at(0) : 0;
  });
}

coldload_status Cuda::make_current(void* self, coldload_error* error) {
  return sdk::guarded(error, [&] { static_cast<Cuda*>(self)->device_->make_current(); });
}

constexpr const char* kPinnings[] = {"register", "alloc", nullptr};
constexpr const char* kMappings[] = {"ring", "direct", nullptr};
constexpr coldload_option kOptions[] = {
    sdk::int_option("device", "0", {"0", "255"}, "", "number of the GPU, as the driver counts them"),
    sdk::int_option("streams", "4", {"1", "64"}, "streams", "that copies are spread over"),
    sdk::bytes_option("ring", "0", {"0", "64 GiB"},
                      "of pinned buffers; 0: those that are filled at once, and two more for each stream"),
    sdk::choice_option("pinned", "register", kPinnings,
                       "our own huge pages, registered with the driver, or pages that it allocates"),
    sdk::choice_option("mapped", "ring", kMappings,
                       "mapped files: copied into the ring, or given to the driver as they are"),
    sdk::int_option("copy_threads", "4", {"0", "64"}, "threads",
                    "that help to copy mapped files into the ring, beside those of the strategy"),
    sdk::bool_option("numa", "true",
                     "pinned memory from the node that the GPU is attached to, if the kernel "
                     "tells one"),
    sdk::path_option("library", "", "the driver's library; empty: libcuda.so.1 of the system"),
};
constexpr coldload_component kCuda =
    sdk::destination_component<Cuda>("cuda", "a GPU's memory, through pinned buffers", kOptions);

}  // namespace
}  // namespace coldload::cuda

COLDLOAD_EXPORT_PLUGIN("org.coldload.cuda", "0.1.0", "coldload", &coldload::cuda::kCuda);
