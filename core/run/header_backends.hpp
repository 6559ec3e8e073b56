// What a plan's backends are, for the result document.
#pragma once

#include <vector>

#include "core/plan/plan.hpp"
#include "core/record/document.hpp"

namespace coldload {

// Each backend that a case of the plan reads from and each it is built on, once, what is built on before what
// builds. The kind of storage is told from what a component says of itself (its flags, its URL schemes,
// whether it stages) and from the mount its directory lies on; its name plays no part. [control-thread]
[[nodiscard]] std::vector<BackendRecord> backend_records(const Plan& plan, const Registry& registry);

}  // namespace coldload
