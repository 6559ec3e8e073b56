// What the host offers a component, as the component's C table and as the C++ interface behind it.
#pragma once

#include <string>
#include <string_view>

#include "coldload/abi.h"

namespace coldload {

// Implemented by whoever runs components: the worker, a test. All functions are [any-thread].
class HostServices {
 public:
  HostServices();
  virtual ~HostServices() = default;
  HostServices(const HostServices&) = delete;
  HostServices& operator=(const HostServices&) = delete;

  virtual void log(uint32_t level, std::string_view message) = 0;
  virtual void record(std::string_view tag, std::string_view unit, double value) = 0;
  virtual void evidence(const coldload_evidence& evidence) = 0;
  virtual void disturbed(std::string_view reason) = 0;
  [[nodiscard]] virtual bool cancelled() const = 0;
  // A host-side extension's table by its id, or nullptr; lives as long as the process.
  [[nodiscard]] virtual const void* extension(std::string_view /*id*/) const { return nullptr; }

  // Valid as long as this object.
  [[nodiscard]] const coldload_host* table() const { return &table_; }
  // For the component that the scenario names `instance`. Valid as long as this object and the name.
  [[nodiscard]] coldload_host table_for(const char* instance) const;

 private:
  coldload_host table_;
};

}  // namespace coldload
