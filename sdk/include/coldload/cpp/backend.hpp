// Write a backend as a class; the C table is made from it. Header-only and compiled into the plugin: nothing
// here is part of the ABI.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "coldload/backend.h"
#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/host.hpp"
#include "coldload/cpp/options.hpp"

namespace coldload::sdk {

// One opened object. What it offers stands in the coldload_object_info that open() filled; a function whose
// capability is not set is never called.
class Object {
 public:
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;

  // Reads exactly `length` bytes at `offset` into `buffer`, or fails: a range past the end is an error.
  // [worker-thread], several at once
  virtual void read_at(uint64_t /*offset*/, void* /*buffer*/, uint64_t /*length*/) {
    throw Failure(COLDLOAD_UNSUPPORTED, "this object cannot be read with read_at");
  }
  // Makes the next read cold: dirty pages are written first. [control-thread]
  virtual void evict() { throw Failure(COLDLOAD_UNSUPPORTED, "this object cannot be evicted"); }
  // Bytes of the object that lie in a cache of this machine. [control-thread]
  [[nodiscard]] virtual uint64_t residency() {
    throw Failure(COLDLOAD_UNSUPPORTED, "the residency of this object cannot be known");
  }
};

// Takes one object; throws what ends the listing.
using ListCallback = std::function<void(const std::string& key, uint64_t size_bytes)>;

// An object info that offers nothing: what open() and probe() start from.
[[nodiscard]] inline coldload_object_info empty_object_info() {
  coldload_object_info info = {};
  info.struct_size = sizeof info;
  info.fd = -1;
  info.memory_alignment_bytes = 1;
  info.offset_alignment_bytes = 1;
  return info;
}

// Derive from it, with a constructor (Host, const Options&); `Host` may be kept, `Options` may not.
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  // [control-thread] Every object below `prefix` ("" is all), any depth, in any order; keys are relative to
  // the root, prefix included. Throws COLDLOAD_NOT_FOUND if nothing of that name exists.
  virtual void list(const std::string& prefix, const ListCallback& callback) = 0;
  // [control-thread] What objects below `prefix` will offer, found by trying; reads no object bytes.
  [[nodiscard]] virtual coldload_object_info probe(const std::string& prefix, uint32_t open_flags) = 0;
  // [control-thread] `info` comes as empty_object_info(); what it points to lives as long as the object.
  [[nodiscard]] virtual std::unique_ptr<Object> open(const std::string& key, uint32_t open_flags,
                                                     coldload_object_info& info) = 0;
  // [any-thread] Optional interfaces by id, else nullptr.
  [[nodiscard]] virtual const void* get_extension(std::string_view /*id*/) { return nullptr; }
};

namespace detail {

inline void copy_info(const coldload_object_info& from, coldload_object_info* to) noexcept {
  // A caller built against an older minor allocated, and named, less.
  const uint32_t size = to->struct_size < sizeof from ? to->struct_size : static_cast<uint32_t>(sizeof from);
  std::memcpy(to, &from, size);
  to->struct_size = size;
}

template <typename T>
struct BackendTable {
  static Backend& of(void* self) { return *static_cast<Backend*>(self); }

  static coldload_status create(const coldload_host* host, const coldload_option_value* values,
                                uint32_t count, void** out, coldload_error* error) {
    // The pointer that travels is a Backend *, so that every other function can cast it back.
    return guarded(error, [&] { *out = static_cast<Backend*>(new T(Host(*host), Options(values, count))); });
  }
  static void destroy(void* self) { delete static_cast<Backend*>(self); }
  static coldload_status list(void* self, const char* prefix, coldload_list_callback callback, void* context,
                              coldload_error* error) {
    return guarded(error, [&] {
      of(self).list(prefix, [&](const std::string& key, uint64_t size_bytes) {
        const coldload_status status = callback(context, key.c_str(), size_bytes);
        if (status != COLDLOAD_OK) throw Failure(status, "listing ended by the caller at \"" + key + "\"");
      });
    });
  }
  static coldload_status probe(void* self, const char* prefix, uint32_t open_flags, coldload_object_info* out,
                               coldload_error* error) {
    return guarded(error, [&] { copy_info(of(self).probe(prefix, open_flags), out); });
  }
  static coldload_status open(void* self, const char* key, uint32_t open_flags, void** out,
                              coldload_object_info* out_info, coldload_error* error) {
    return guarded(error, [&] {
      coldload_object_info info = empty_object_info();
      std::unique_ptr<Object> object = of(self).open(key, open_flags, info);
      copy_info(info, out_info);
      *out = object.release();
    });
  }
  static void close(void* /*self*/, void* object) { delete static_cast<Object*>(object); }
  static coldload_status read_at(void* object, uint64_t offset, void* buffer, uint64_t length,
                                 coldload_error* error) {
    return guarded(error, [&] { static_cast<Object*>(object)->read_at(offset, buffer, length); });
  }
  static coldload_status evict(void* object, coldload_error* error) {
    return guarded(error, [&] { static_cast<Object*>(object)->evict(); });
  }
  static coldload_status residency(void* object, uint64_t* out_bytes, coldload_error* error) {
    return guarded(error, [&] { *out_bytes = static_cast<Object*>(object)->residency(); });
  }
  static const void* get_extension(void* self, const char* id) { return of(self).get_extension(id); }
};

}  // namespace detail

template <typename T>
inline constexpr coldload_backend_ops kBackendOps = {
    sizeof(coldload_backend_ops),       0,
    detail::BackendTable<T>::create,    detail::BackendTable<T>::destroy,
    detail::BackendTable<T>::list,      detail::BackendTable<T>::probe,
    detail::BackendTable<T>::open,      detail::BackendTable<T>::close,
    detail::BackendTable<T>::read_at,   detail::BackendTable<T>::evict,
    detail::BackendTable<T>::residency, detail::BackendTable<T>::get_extension,
};

}  // namespace coldload::sdk
