// What a backend and a strategy say about themselves and the model, for the planner. Reads no model data
// beyond, for a Hugging Face cache entry, the small file that names its snapshot.
#pragma once

#include "core/base/result.hpp"
#include "core/plan/plan.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/registry.hpp"
#include "core/run/request.hpp"

namespace coldload {

[[nodiscard]] Result<Survey> take_survey(const WorkerRequest& request, const Registry& registry,
                                         const HostServices& host);

}  // namespace coldload
