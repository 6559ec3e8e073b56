// What a component and the host find about a backend and the model on it, or about a strategy: in a worker,
// since it runs plugin code.
#pragma once

#include <optional>

#include "core/plugin/host.hpp"
#include "core/plugin/registry.hpp"
#include "core/record/fact.hpp"
#include "core/run/request.hpp"

namespace coldload {

// Of the request's backend chain, its last one first, or without a chain of its strategy. A component that
// cannot be created is an error among the facts. `destination` "host" and `cache` warm say that some case
// needs the whole model in memory.
// [control-thread]
[[nodiscard]] Facts diagnose(const WorkerRequest& request, const Registry& registry,
                             const HostServices& host);

// Whether `model_bytes` go into `ram_bytes`, as the planner judges it. Pure.
struct MemoryNeed {
  uint64_t model_bytes = 0;
  uint64_t ram_bytes = 0;
  std::string ram_source;
  bool warm = false;  // some case wants the model in the page cache
  bool host = false;  // … in buffers
};
[[nodiscard]] Fact memory_fact(const std::string& subject, const MemoryNeed& need);

}  // namespace coldload
