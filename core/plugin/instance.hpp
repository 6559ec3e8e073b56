// Created components as C++ objects: calls return Result, resources are given back by destruction, and what a
// plugin may not do (return a status without a name or an error without a message, throw, claim a capability
// it gives nothing for) becomes an error that says so. [control-thread], but for read_at() [worker-thread].
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coldload/backend.h"
#include "coldload/destination.h"
#include "coldload/ext/prepare.h"
#include "coldload/strategy.h"
#include "core/base/result.hpp"
#include "core/plugin/component_spec.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/options.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

struct ListedObject {
  std::string key;
  uint64_t size_bytes = 0;
};

// One fact that a component told through COLDLOAD_EXT_DIAGNOSE.
struct ComponentDiagnosis {
  uint32_t level = 0;  // COLDLOAD_DIAGNOSIS_*
  std::string fact;
  std::string cause;
  std::string fix;
};

class Backend;

// One opened object; closed on destruction, before its backend.
class Object {
 public:
  Object(const Backend& backend, void* self, std::string key, const coldload_object_info& info);
  ~Object();
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  [[nodiscard]] const coldload_object_info& info() const { return info_; }
  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] bool can(uint32_t capability) const {
    return (info_.capabilities & capability) == capability;
  }
  // As a strategy meets it; valid as long as this object.
  [[nodiscard]] const coldload_object* table() const { return &table_; }

  [[nodiscard]] Result<void> read_at(uint64_t offset, void* buffer, uint64_t length) const;
  [[nodiscard]] Result<void> evict() const;
  [[nodiscard]] Result<uint64_t> residency() const;

 private:
  const Backend& backend_;
  void* self_;
  std::string key_;
  coldload_object_info info_;
  coldload_object table_{};
};

class Backend {
 public:
  // Creates the last of `chain` and what it is built on, in the order given. `base_directory`: of relative
  // paths. `registry` may go, `host` must outlive it. Mistakes in options come as one message, a line each.
  // `stand_in`, where given, says what an option of type backend gets in the place of one of the chain: how a
  // test makes what a backend is built on fail.
  using StandIn = std::function<const coldload_backend*(const Backend& real)>;
  [[nodiscard]] static Result<std::unique_ptr<Backend>> create(const Registry& registry,
                                                               const BackendChain& chain,
                                                               const std::string& base_directory,
                                                               const HostServices& host,
                                                               const StandIn& stand_in = {});
  ~Backend();
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Component& component() const { return component_; }
  [[nodiscard]] const EffectiveOptions& options() const { return options_; }
  // Of itself or of any backend it is built on.
  [[nodiscard]] bool has_flag(uint32_t component_flag) const;

  // Sorted by key; at most limits::kObjectsMax; keys that leave the root, lie outside `prefix` or repeat are
  // an error.
  [[nodiscard]] Result<std::vector<ListedObject>> list(const std::string& prefix) const;
  [[nodiscard]] Result<coldload_object_info> probe(const std::string& prefix, uint32_t open_flags) const;
  // Without CAN_DIRECT in what comes back, COLDLOAD_OPEN_DIRECT was not granted: the caller decides.
  [[nodiscard]] Result<std::unique_ptr<Object>> open(const std::string& key, uint32_t open_flags) const;
  [[nodiscard]] const void* extension(const char* id) const;
  // What it is built on, in the order of the chain.
  [[nodiscard]] const std::vector<std::unique_ptr<Backend>>& inner() const { return inner_; }

  // Its objects exist only after prepare(): a staging copy. The next four are for such a backend; each
  // `prefix` as for list().
  [[nodiscard]] bool stages() const { return preparing() != nullptr; }
  [[nodiscard]] Result<bool> is_prepared(const std::string& prefix) const;
  // `progress` may come from any thread.
  using PrepareProgress = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;
  [[nodiscard]] Result<void> prepare(const std::string& prefix, const PrepareProgress& progress) const;
  [[nodiscard]] Result<void> discard(const std::string& prefix) const;
  // Reads what was prepared and compares it with what was seen then.
  [[nodiscard]] Result<void> verify(const std::string& prefix, const PrepareProgress& progress) const;

  // What it says about its surroundings; nothing without the extension. A failure is its last word.
  [[nodiscard]] std::vector<ComponentDiagnosis> diagnose(const std::string& prefix) const;

  [[nodiscard]] const coldload_backend_ops& ops() const { return *table_.ops; }
  [[nodiscard]] void* self() const { return table_.self; }
  [[nodiscard]] const coldload_backend* table() const { return &table_; }

 private:
  Backend() = default;
  [[nodiscard]] const coldload_prepare_ops* preparing() const;

  std::string name_;
  coldload_host host_{};
  Component component_;
  EffectiveOptions options_;
  std::vector<std::unique_ptr<Backend>> inner_;
  coldload_backend table_{};
};

class Strategy {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Strategy>> create(const Registry& registry,
                                                                const ComponentSpec& spec,
                                                                const std::string& base_directory,
                                                                const HostServices& host);
  ~Strategy();
  Strategy(const Strategy&) = delete;
  Strategy& operator=(const Strategy&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Component& component() const { return component_; }
  [[nodiscard]] const EffectiveOptions& options() const { return options_; }

  [[nodiscard]] Result<coldload_requirements> requirements(const coldload_model_size& model) const;
  [[nodiscard]] Result<void> setup(const coldload_job& job) const;
  [[nodiscard]] Result<void> load(const coldload_job& job) const;
  void teardown() const;
  // As of a backend.
  [[nodiscard]] std::vector<ComponentDiagnosis> diagnose() const;

 private:
  Strategy() = default;
  std::string name_;
  coldload_host host_{};
  Component component_;
  EffectiveOptions options_;
  const coldload_strategy_ops* ops_ = nullptr;
  void* self_ = nullptr;
};

// How fast a component's device is by itself, as it told through COLDLOAD_EXT_CEILINGS.
struct MeasuredCeiling {
  std::string tag;
  double bytes_per_second = 0;
  uint64_t block_bytes = 0;
};

// A destination that a plugin provides. What coldload/destination.h promises it about ranges and buffers is
// the caller's to keep. acquire(), deliver(), deliver_mapped() [worker-thread], cancel() [any-thread].
class DestinationComponent {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DestinationComponent>> create(const Registry& registry,
                                                                            const ComponentSpec& spec,
                                                                            const std::string& base_directory,
                                                                            const HostServices& host);
  ~DestinationComponent();
  DestinationComponent(const DestinationComponent&) = delete;
  DestinationComponent& operator=(const DestinationComponent&) = delete;

  [[nodiscard]] const EffectiveOptions& options() const { return options_; }

  // Regions of more than 1 GiB, or of no known memory, are an internal error.
  [[nodiscard]] Result<coldload_destination_pool> begin(const coldload_destination_needs& needs) const;
  // Checks that `out` got memory for the range: not null, congruent to the offset within a page, large
  // enough.
  [[nodiscard]] Result<void> acquire(uint32_t item, uint64_t offset, uint64_t length,
                                     coldload_buffer& out) const;
  [[nodiscard]] Result<void> deliver(const coldload_buffer& buffer) const;
  [[nodiscard]] Result<void> deliver_mapped(uint32_t item, uint64_t offset, uint64_t length,
                                            const std::byte* data) const;
  [[nodiscard]] Result<void> finish() const;
  void cancel() const;
  [[nodiscard]] bool keeps_bytes() const { return ops_->read_back != nullptr; }
  [[nodiscard]] Result<void> read_back(uint32_t item, uint64_t offset, std::byte* buffer,
                                       uint64_t length) const;
  [[nodiscard]] const void* extension(const char* id) const;
  // Nothing where it does not offer the extension.
  [[nodiscard]] Result<std::vector<MeasuredCeiling>> measure_ceilings() const;

 private:
  DestinationComponent() = default;
  std::string name_;
  coldload_host host_{};
  Component component_;
  EffectiveOptions options_;
  const coldload_destination_ops* ops_ = nullptr;
  void* self_ = nullptr;
};

// "READ_AT, FD": names of capability bits, for messages.
[[nodiscard]] std::string capability_names(uint32_t capabilities);

}  // namespace coldload
