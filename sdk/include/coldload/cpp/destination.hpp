// Write a destination as a class; the C table is made from it. Header-only and compiled into the plugin:
// nothing here is part of the ABI.
#pragma once

#include <cstring>
#include <string_view>
#include <type_traits>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/host.hpp"
#include "coldload/cpp/options.hpp"
#include "coldload/destination.h"

namespace coldload::sdk {

// Derive from it, with a constructor (Host, const Options&); `Host` may be kept, `Options` may not. The
// destructor waits for what is under way. What each function does: coldload/destination.h.
class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  virtual ~Destination() = default;

  // [control-thread] What it returns stays valid as long as this object.
  [[nodiscard]] virtual coldload_destination_pool begin(const coldload_destination_needs& needs) = 0;
  // [worker-thread] Fills region, data, capacity_bytes and token of `out`.
  virtual void acquire(uint32_t item, uint64_t offset, uint64_t length, coldload_buffer& out) = 0;
  // [worker-thread]
  virtual void deliver(const coldload_buffer& buffer) = 0;
  // [worker-thread]
  virtual void deliver_mapped(uint32_t item, uint64_t offset, uint64_t length, const void* data) = 0;
  // [control-thread]
  virtual void finish() = 0;
  // [any-thread]
  virtual void cancel() noexcept = 0;
  // [control-thread] Override it where bytes are kept; without that the host verifies what is delivered.
  virtual void read_back(uint32_t /*item*/, uint64_t /*offset*/, void* /*buffer*/, uint64_t /*length*/) {
    throw Failure(COLDLOAD_UNSUPPORTED, "this destination keeps no bytes");
  }
  // [any-thread] Optional interfaces by id, else nullptr.
  [[nodiscard]] virtual const void* get_extension(std::string_view /*id*/) { return nullptr; }
};

namespace detail {

template <typename T>
struct DestinationTable {
  static Destination& of(void* self) { return *static_cast<Destination*>(self); }

  static coldload_status create(const coldload_host* host, const coldload_option_value* values,
                                uint32_t count, void** out, coldload_error* error) {
    // The pointer that travels is a Destination *, so that every other function can cast it back.
    return guarded(error,
                   [&] { *out = static_cast<Destination*>(new T(Host(*host), Options(values, count))); });
  }
  static void destroy(void* self) { delete static_cast<Destination*>(self); }
  static coldload_status begin(void* self, const coldload_destination_needs* needs,
                               coldload_destination_pool* out, coldload_error* error) {
    return guarded(error, [&] {
      const coldload_destination_pool pool = of(self).begin(*needs);
      // A caller built against an older minor allocated, and named, less.
      const uint32_t size =
          out->struct_size < sizeof pool ? out->struct_size : static_cast<uint32_t>(sizeof pool);
      std::memcpy(out, &pool, size);
      out->struct_size = size;
    });
  }
  static coldload_status acquire(void* self, uint32_t item, uint64_t offset, uint64_t length,
                                 coldload_buffer* out, coldload_error* error) {
    return guarded(error, [&] { of(self).acquire(item, offset, length, *out); });
  }
  static coldload_status deliver(void* self, const coldload_buffer* buffer, coldload_error* error) {
    return guarded(error, [&] { of(self).deliver(*buffer); });
  }
  static coldload_status deliver_mapped(void* self, uint32_t item, uint64_t offset, uint64_t length,
                                        const void* data, coldload_error* error) {
    return guarded(error, [&] { of(self).deliver_mapped(item, offset, length, data); });
  }
  static coldload_status finish(void* self, coldload_error* error) {
    return guarded(error, [&] { of(self).finish(); });
  }
  static void cancel(void* self) { of(self).cancel(); }
  static coldload_status read_back(void* self, uint32_t item, uint64_t offset, void* buffer, uint64_t length,
                                   coldload_error* error) {
    return guarded(error, [&] { of(self).read_back(item, offset, buffer, length); });
  }
  static const void* get_extension(void* self, const char* id) { return of(self).get_extension(id); }

  static constexpr bool kKeepsBytes =
      !std::is_same_v<decltype(&T::read_back), decltype(&Destination::read_back)>;
};

}  // namespace detail

template <typename T>
inline constexpr coldload_destination_ops kDestinationOps = {
    sizeof(coldload_destination_ops),
    0,
    detail::DestinationTable<T>::create,
    detail::DestinationTable<T>::destroy,
    detail::DestinationTable<T>::begin,
    detail::DestinationTable<T>::acquire,
    detail::DestinationTable<T>::deliver,
    detail::DestinationTable<T>::deliver_mapped,
    detail::DestinationTable<T>::finish,
    detail::DestinationTable<T>::cancel,
    detail::DestinationTable<T>::kKeepsBytes ? detail::DestinationTable<T>::read_back : nullptr,
    detail::DestinationTable<T>::get_extension,
};

}  // namespace coldload::sdk
