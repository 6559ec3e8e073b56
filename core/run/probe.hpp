// Ceilings: how fast the device, a core and the memory of this machine are, taken without any strategy.
#pragma once

#include <vector>

#include "core/base/result.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/registry.hpp"
#include "core/record/document.hpp"
#include "core/run/request.hpp"

namespace coldload {

// Of the request's backend, on the model's own files: direct reads of 1 MiB at depths 1 to 32
// ("device/direct", the best; `detail` has all), where the objects have paths. Of this machine: memory copy
// by one and by all cores, page-cache reads likewise (on a memory file: no cache of the model is touched).
// Bounded: a second or 2 GiB a depth. Of a destination's plugin: what it measures by itself.
[[nodiscard]] Result<std::vector<ProbeRecord>> take_probes(const WorkerRequest& request,
                                                           const Registry& registry,
                                                           const HostServices& host);

}  // namespace coldload
