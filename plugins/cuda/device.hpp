// One GPU: its context, what it is, and its memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coldload/cpp/host.hpp"
#include "driver.hpp"

namespace coldload::cuda {

// The device's primary context, retained. Destruction releases it. [any-thread] once made
class Device {
 public:
  // Throws COLDLOAD_UNSUPPORTED where there is no device of that number.
  Device(const Driver& driver, uint32_t ordinal);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  [[nodiscard]] const Driver& driver() const { return driver_; }
  [[nodiscard]] const api::Functions& functions() const { return driver_.functions(); }
  [[nodiscard]] const std::string& name() const { return name_; }
  // "0000:41:00.0"
  [[nodiscard]] const std::string& bus_id() const { return bus_id_; }

  // Makes the context the calling thread's; cheap, before anything else on a thread of unknown history.
  void make_current() const;

  struct Memory {
    uint64_t free_bytes = 0;
    uint64_t total_bytes = 0;
  };
  [[nodiscard]] Memory memory() const;

  // The node that the kernel says it is attached to; absent where it says none.
  [[nodiscard]] std::optional<uint32_t> numa_node() const;
  // "32.0 GT/s PCIe x16": what the link runs at now, which is less while nothing moves. "" if not told.
  [[nodiscard]] std::string link_now() const;
  [[nodiscard]] std::string link_max() const;

  // Name, address, memory, driver, link's maximum, as evidence.
  void describe(const sdk::Host& host) const;

 private:
  [[nodiscard]] std::string attribute(const char* file) const;

  const Driver& driver_;
  api::Device device_ = 0;
  api::Context context_ = nullptr;
  std::string name_;
  std::string bus_id_;
};

// Device memory, given back by destruction.
class DeviceMemory {
 public:
  // Throws COLDLOAD_OUT_OF_MEMORY with `what`, the size and what is free.
  DeviceMemory(const Device& device, uint64_t length_bytes, const std::string& what);
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory();

  [[nodiscard]] api::DevicePointer at(uint64_t offset) const { return pointer_ + offset; }

 private:
  const Device& device_;
  api::DevicePointer pointer_ = 0;
};

}  // namespace coldload::cuda
