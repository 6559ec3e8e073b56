// Write a load strategy as a class; the C table is made from it. Header-only and compiled into the plugin:
// nothing here is part of the ABI.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/host.hpp"
#include "coldload/cpp/options.hpp"
#include "coldload/strategy.h"

namespace coldload::sdk {

// What is to be loaded and where to. A view, valid during the call it was passed to; every function may be
// called on any thread that the strategy started.
class Job {
 public:
  explicit Job(const coldload_job& raw) : raw_(&raw) {}

  [[nodiscard]] const coldload_job& raw() const noexcept { return *raw_; }
  [[nodiscard]] uint32_t item_count() const noexcept { return raw_->item_count; }
  [[nodiscard]] const coldload_item& item(uint32_t index) const noexcept { return raw_->items[index]; }
  [[nodiscard]] const coldload_object& object(uint32_t index) const noexcept { return *item(index).object; }
  [[nodiscard]] const coldload_object_info& info(uint32_t index) const noexcept {
    return *object(index).info;
  }

  // Whether every object has all of these capabilities: whether direct reads really were direct, for
  // instance.
  [[nodiscard]] bool all_offer(uint32_t capabilities) const noexcept {
    for (uint32_t i = 0; i < item_count(); ++i) {
      if ((info(i).capabilities & capabilities) != capabilities) return false;
    }
    return item_count() > 0;
  }

  // A buffer for bytes [offset, offset + length) of `item`. Waits while the pool is empty; throws
  // COLDLOAD_CANCELLED once the run stops. Buffers that are not delivered when load() fails are the host's
  // again by that, so none needs giving back.
  [[nodiscard]] coldload_buffer acquire(uint32_t item, uint64_t offset, uint64_t length) const {
    coldload_buffer buffer = {};
    buffer.struct_size = sizeof buffer;
    checked([&](coldload_error* error) { return raw_->acquire(raw_, item, offset, length, &buffer, error); });
    return buffer;
  }
  // All bytes of `buffer` have landed; it is the host's again, even when this throws.
  void deliver(const coldload_buffer& buffer) const {
    checked([&](coldload_error* error) { return raw_->deliver(raw_, &buffer, error); });
  }
  // The host takes the bytes on this thread; `data` need not stay valid afterwards.
  void deliver_mapped(uint32_t item, uint64_t offset, uint64_t length, const void* data) const {
    checked(
        [&](coldload_error* error) { return raw_->deliver_mapped(raw_, item, offset, length, data, error); });
  }
  // Reads the buffer's own range into it.
  void read(const coldload_buffer& buffer) const {
    const coldload_object& source = object(buffer.item);
    checked([&](coldload_error* error) {
      return source.ops->read_at(source.self, buffer.offset, buffer.data, buffer.length, error);
    });
  }

 private:
  const coldload_job* raw_;
};

// Requirements that ask for nothing: what requirements() starts from.
[[nodiscard]] inline coldload_requirements empty_requirements() {
  coldload_requirements requirements = {};
  requirements.struct_size = sizeof requirements;
  requirements.memory_alignment_bytes = 1;
  requirements.buffers_in_flight = 1;
  requirements.thread_count = 1;
  return requirements;
}

// Derive from it, with a constructor (Host, const Options&); `Host` may be kept, `Options` may not.
// [control-thread], all of it
class Strategy {
 public:
  Strategy() = default;
  Strategy(const Strategy&) = delete;
  Strategy& operator=(const Strategy&) = delete;
  virtual ~Strategy() = default;

  // Pure: the planner calls it to see whether a pairing can run.
  [[nodiscard]] virtual coldload_requirements requirements(const coldload_model_size& model) = 0;
  // Before the cache state is made; reads no object bytes. Throws COLDLOAD_UNSUPPORTED for what cannot run
  // here.
  virtual void setup(const Job& /*job*/) {}
  // The timed call. Returns when every range is delivered, or throws on the first error; with all of its
  // threads joined and no I/O in flight.
  virtual void load(const Job& job) = 0;
  // Undoes setup(), and gives back what load() mapped.
  virtual void teardown() {}
  // [any-thread] Optional interfaces by id, else nullptr.
  [[nodiscard]] virtual const void* get_extension(std::string_view /*id*/) { return nullptr; }
};

namespace detail {

template <typename T>
struct StrategyTable {
  static Strategy& of(void* self) { return *static_cast<Strategy*>(self); }

  static coldload_status create(const coldload_host* host, const coldload_option_value* values,
                                uint32_t count, void** out, coldload_error* error) {
    // The pointer that travels is a Strategy *, so that every other function can cast it back.
    return guarded(error, [&] { *out = static_cast<Strategy*>(new T(Host(*host), Options(values, count))); });
  }
  static void destroy(void* self) { delete static_cast<Strategy*>(self); }
  static coldload_status requirements(void* self, const coldload_model_size* model,
                                      coldload_requirements* out, coldload_error* error) {
    return guarded(error, [&] {
      const coldload_requirements requirements = of(self).requirements(*model);
      // A caller built against an older minor allocated, and named, less.
      const uint32_t size = out->struct_size < sizeof requirements
                                ? out->struct_size
                                : static_cast<uint32_t>(sizeof requirements);
      std::memcpy(out, &requirements, size);
      out->struct_size = size;
    });
  }
  static coldload_status setup(void* self, const coldload_job* job, coldload_error* error) {
    return guarded(error, [&] { of(self).setup(Job(*job)); });
  }
  static coldload_status load(void* self, const coldload_job* job, coldload_error* error) {
    return guarded(error, [&] { of(self).load(Job(*job)); });
  }
  static void teardown(void* self) { of(self).teardown(); }
  static const void* get_extension(void* self, const char* id) { return of(self).get_extension(id); }
};

}  // namespace detail

template <typename T>
inline constexpr coldload_strategy_ops kStrategyOps = {
    sizeof(coldload_strategy_ops),           0,
    detail::StrategyTable<T>::create,        detail::StrategyTable<T>::destroy,
    detail::StrategyTable<T>::requirements,  detail::StrategyTable<T>::setup,
    detail::StrategyTable<T>::load,          detail::StrategyTable<T>::teardown,
    detail::StrategyTable<T>::get_extension,
};

}  // namespace coldload::sdk
