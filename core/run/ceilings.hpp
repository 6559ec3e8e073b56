// What a scenario's storage, memory and devices give to a probe, into its document.
#pragma once

#include <string_view>
#include <vector>

#include "core/plan/plan.hpp"
#include "core/plugin/registry.hpp"
#include "core/record/document.hpp"
#include "core/record/journal.hpp"
#include "core/run/supervisor.hpp"

namespace coldload {

struct CeilingsAsked {
  const Plan& plan;
  const Registry& registry;
  Supervisor& supervisor;
  Journal& journal;
  std::string_view moment;  // "first", "last"
};

// The memory's, of `storage` each backend's that has paths, of `devices` each destination plugin's. One that
// cannot be had is left out, and the table says unknown. Ends early where an interrupt is pending. Error: of
// the journal. [control-thread]
[[nodiscard]] Result<void> take_ceilings(const CeilingsAsked& asked, const std::vector<const Case*>& storage,
                                         const std::vector<const Case*>& devices, ResultDocument& document);

}  // namespace coldload
