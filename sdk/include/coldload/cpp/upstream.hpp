// A backend built on another one meets it here: the C tables behind an option of type BACKEND, as C++ objects
// that throw Failure.
#pragma once

#include <string>
#include <utility>

#include "coldload/backend.h"
#include "coldload/cpp/backend.hpp"
#include "coldload/cpp/failure.hpp"

namespace coldload::sdk {

// An opened object of another backend; closed with it.
class UpstreamObject {
 public:
  UpstreamObject(const coldload_backend& backend, const std::string& key, uint32_t open_flags)
      : backend_(backend), info_(empty_object_info()) {
    checked([&](coldload_error* error) {
      return backend_.ops->open(backend_.self, key.c_str(), open_flags, &self_, &info_, error);
    });
  }
  UpstreamObject(UpstreamObject&& other) noexcept
      : backend_(other.backend_), self_(std::exchange(other.self_, nullptr)), info_(other.info_) {}
  UpstreamObject& operator=(UpstreamObject&&) = delete;
  UpstreamObject(const UpstreamObject&) = delete;
  UpstreamObject& operator=(const UpstreamObject&) = delete;
  ~UpstreamObject() {
    if (self_ != nullptr) backend_.ops->close(backend_.self, self_);
  }

  [[nodiscard]] const coldload_object_info& info() const noexcept { return info_; }
  [[nodiscard]] bool can(uint32_t capability) const noexcept {
    return (info_.capabilities & capability) == capability;
  }
  // [worker-thread]
  void read_at(uint64_t offset, void* buffer, uint64_t length) const {
    checked(
        [&](coldload_error* error) { return backend_.ops->read_at(self_, offset, buffer, length, error); });
  }
  void evict() const {
    checked([&](coldload_error* error) { return backend_.ops->evict(self_, error); });
  }
  [[nodiscard]] uint64_t residency() const {
    uint64_t bytes = 0;
    checked([&](coldload_error* error) { return backend_.ops->residency(self_, &bytes, error); });
    return bytes;
  }

 private:
  coldload_backend backend_;
  void* self_ = nullptr;
  coldload_object_info info_;
};

// The backend named by an option; valid as long as the component it was given to. [control-thread]
class Upstream {
 public:
  explicit Upstream(const coldload_backend& backend) : backend_(backend) {}

  void list(const std::string& prefix, const ListCallback& callback) const {
    Listing listing{callback, {}};
    try {
      checked([&](coldload_error* error) {
        return backend_.ops->list(backend_.self, prefix.c_str(), &Listing::add, &listing, error);
      });
    } catch (...) {
      // What the callback threw is the cause; that the listing ended is only its effect.
      if (listing.thrown) std::rethrow_exception(listing.thrown);
      throw;
    }
  }
  [[nodiscard]] coldload_object_info probe(const std::string& prefix, uint32_t open_flags) const {
    coldload_object_info info = empty_object_info();
    checked([&](coldload_error* error) {
      return backend_.ops->probe(backend_.self, prefix.c_str(), open_flags, &info, error);
    });
    return info;
  }
  [[nodiscard]] UpstreamObject open(const std::string& key, uint32_t open_flags = 0) const {
    return UpstreamObject(backend_, key, open_flags);
  }
  // nullptr where it does not offer the interface.
  template <typename Table>
  [[nodiscard]] const Table* extension(const char* id) const {
    const auto get = backend_.ops->get_extension;
    return get == nullptr ? nullptr : static_cast<const Table*>(get(backend_.self, id));
  }
  [[nodiscard]] void* self() const noexcept { return backend_.self; }

 private:
  struct Listing {
    const ListCallback& callback;
    std::exception_ptr thrown;

    static coldload_status add(void* context, const char* key, uint64_t size_bytes) noexcept {
      auto& listing = *static_cast<Listing*>(context);
      try {
        listing.callback(key, size_bytes);
        return COLDLOAD_OK;
      } catch (...) {
        listing.thrown = std::current_exception();
        return COLDLOAD_CANCELLED;
      }
    }
  };

  coldload_backend backend_;
};

}  // namespace coldload::sdk
