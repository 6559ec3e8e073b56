#include "device.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>

namespace coldload::cuda {
namespace {

// Memory that was another process's may hold the very bytes that are to come.
constexpr unsigned char kPoison = 0xA5;

constexpr const char* kDriverVersion = "/sys/module/nvidia/version";

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  return text;
}

// "" where it cannot be read.
std::string first_line(const std::string& path) {
  std::ifstream in(path);
  std::string text;
  std::getline(in, text);
  return trimmed(text);
}

}  // namespace

Device::Device(const Driver& driver, uint32_t ordinal) : driver_(driver) {
  int count = 0;
  driver_.check(functions().cuDeviceGetCount(&count), "cuDeviceGetCount");
  if (ordinal >= static_cast<uint32_t>(count)) {
    throw sdk::Failure(COLDLOAD_UNSUPPORTED, "no GPU " + std::to_string(ordinal) + ": there are " +
                                                 std::to_string(count) + ", numbered from 0");
  }
  driver_.check(functions().cuDeviceGet(&device_, static_cast<int>(ordinal)), "cuDeviceGet");
  char text[256] = {};
  driver_.check(functions().cuDeviceGetName(text, sizeof text - 1, device_), "cuDeviceGetName");
  name_ = text;
  driver_.check(functions().cuDeviceGetPCIBusId(text, sizeof text - 1, device_), "cuDeviceGetPCIBusId");
  bus_id_ = text;
  driver_.check(functions().cuDevicePrimaryCtxRetain(&context_, device_), "cuDevicePrimaryCtxRetain");
  const api::Result current = functions().cuCtxSetCurrent(context_);
  if (current == api::kSuccess) return;
  functions().cuDevicePrimaryCtxRelease_v2(device_);
  throw driver_.failure(current, "cuCtxSetCurrent");
}

Device::~Device() {
  functions().cuCtxSetCurrent(nullptr);
  functions().cuDevicePrimaryCtxRelease_v2(device_);
}

void Device::make_current() const {
  driver_.check(functions().cuCtxSetCurrent(context_), "cuCtxSetCurrent");
}

Device::Memory Device::memory() const {
  size_t free_bytes = 0;
  size_t total_bytes = 0;
  driver_.check(functions().cuMemGetInfo_v2(&free_bytes, &total_bytes), "cuMemGetInfo_v2");
  return {free_bytes, total_bytes};
}

// The kernel writes addresses in lower case, with the domain.
std::string Device::attribute(const char* file) const {
  std::string address = bus_id_;
  std::transform(address.begin(), address.end(), address.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return first_line("/sys/bus/pci/devices/" + address + "/" + file);
}

std::optional<uint32_t> Device::numa_node() const {
  const std::string text = attribute("numa_node");
  uint32_t node = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), node);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
    return std::nullopt;
  return node;
}

std::string Device::link_now() const {
  const std::string speed = attribute("current_link_speed");
  return speed.empty() ? "" : speed + " x" + attribute("current_link_width");
}

std::string Device::link_max() const {
  const std::string speed = attribute("max_link_speed");
  return speed.empty() ? "" : speed + " x" + attribute("max_link_width");
}

void Device::describe(const sdk::Host& host) const {
  host.evidence("gpu", name_);
  host.evidence("gpu_address", bus_id_);
  host.evidence("gpu_memory_bytes", memory().total_bytes);
  host.evidence("cuda_driver", std::to_string(driver_.version() / 1000) + "." +
                                   std::to_string(driver_.version() % 1000 / 10));
  if (const std::string version = first_line(kDriverVersion); !version.empty()) {
    host.evidence("nvidia_driver", version);
  }
  if (const std::string link = link_max(); !link.empty()) host.evidence("pcie_link_max", link);
  if (const auto node = numa_node()) host.evidence("gpu_numa_node", *node);
}

DeviceMemory::DeviceMemory(const Device& device, uint64_t length_bytes, const std::string& what)
    : device_(device) {
  const api::Functions& functions = device.functions();
  const api::Result got = functions.cuMemAlloc_v2(&pointer_, length_bytes);
  if (got == api::kOutOfMemory) {
    const Device::Memory memory = device.memory();
    throw sdk::Failure(COLDLOAD_OUT_OF_MEMORY,
                       what + ": " + std::to_string(length_bytes) + " bytes of GPU memory are not there: " +
                           std::to_string(memory.free_bytes) + " of " + std::to_string(memory.total_bytes) +
                           " are free on " + device.name() + "; free some, or load less ([run] sample)");
  }
  device.driver().check(got, "cuMemAlloc_v2 of " + std::to_string(length_bytes) + " bytes");
  const api::Result set = functions.cuMemsetD8_v2(pointer_, kPoison, length_bytes);
  if (set == api::kSuccess) return;
  functions.cuMemFree_v2(pointer_);
  throw device.driver().failure(set, "cuMemsetD8_v2 of " + std::to_string(length_bytes) + " bytes");
}

DeviceMemory::~DeviceMemory() {
  device_.functions().cuMemFree_v2(pointer_);
}

}  // namespace coldload::cuda
