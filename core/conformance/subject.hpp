// What is held to the contracts: a plugin's file, one of its components, and how to make it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/conformance/contract.hpp"
#include "core/conformance/kit_host.hpp"
#include "core/plugin/instance.hpp"
#include "core/plugin/registry.hpp"

namespace coldload::conformance {

// Lives as long as the kit runs; a check sees a copy of the memory in its own process.
struct Subject {
  std::filesystem::path file;  // absolute
  // The rest is of a component; the library's own contracts see none of it.
  const Registry* registry = nullptr;
  const coldload_component* table = nullptr;
  BackendChain chain;             // the component last; of a strategy it alone
  std::string base_directory;     // of relative paths
  std::filesystem::path samples;  // a directory with the files of sample_files(), see samples.hpp

  [[nodiscard]] const ComponentSpec& spec() const { return chain.back(); }
  [[nodiscard]] bool has_flag(uint32_t flag) const { return (table->flags & flag) != 0; }
};

// Fails the contract if it cannot be created; UNSUPPORTED says what this machine lacks. `host` outlives it.
[[nodiscard]] std::unique_ptr<Backend> create_backend(const Subject& subject, const KitHost& host);
[[nodiscard]] std::unique_ptr<Strategy> create_strategy(const Subject& subject, const KitHost& host);

// The value, or the contract is broken by the failure; UNSUPPORTED makes it inapplicable.
template <typename T>
T expect(Result<T> result, std::string_view what) {
  if (result) {
    if constexpr (std::is_void_v<T>) {
      return;
    } else {
      return std::move(*result);
    }
  }
  if (result.error().status == Status::unsupported) {
    inapplicable("{}: {}", what, result.error().message);
  }
  broken("{} failed: {} ({})", what, result.error().message, to_string(result.error().status));
}

// That a failure tells its reader what happened: the status among `expected` (none: any but INTERNAL), and a
// message as the ABI wants it.
void check_failure(const Error& error, std::initializer_list<Status> expected, std::string_view what);

}  // namespace coldload::conformance
