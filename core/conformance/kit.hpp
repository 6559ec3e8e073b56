// The conformance kit: a plugin's file held to every contract, one process for each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/conformance/process.hpp"
#include "core/plugin/registry.hpp"

namespace coldload::conformance {

struct KitRequest {
  std::filesystem::path file;        // absolute
  std::vector<std::string> options;  // "chunk=64 KiB"; each of one component at least
  std::string only;                  // a contract's id, or its first part ("backend"); "": all
  std::string base_directory;        // of relative paths in options, absolute
  SearchPath search;                 // of the other plugins: backends that options name
};

struct ContractResult {
  std::string id;
  std::string component;  // "backend/local"; "" of the library's contracts
  std::string sentence;
  Attempt attempt;
};

struct KitReport {
  std::filesystem::path file;
  std::string plugin;  // its id and version; "" if it could not be opened
  std::string version;
  std::vector<ContractResult> results;

  [[nodiscard]] size_t count(Ending ending) const;
  // Whether every contract holds or does not apply.
  [[nodiscard]] bool conforms() const;
};

// `told` is called with each result as it comes; `stop` is asked while one is waited for. Writes its samples
// to a directory of its own below TMPDIR, or /var/tmp, and removes it. To be called while this process has
// one thread. [control-thread]
// Errors: no such contract, an option that no component has or that has no such value, no place for samples,
// cancelled.
[[nodiscard]] Result<KitReport> check_plugin(const KitRequest& request,
                                             const std::function<void(const ContractResult&)>& told,
                                             const std::function<bool()>& stop);

struct KnownContract {
  std::string id;
  std::string sentence;
};
[[nodiscard]] std::vector<KnownContract> known_contracts();

}  // namespace coldload::conformance
