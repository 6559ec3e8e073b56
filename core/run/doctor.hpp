// The facts of `coldload doctor` that plugins tell, each asked for in a worker.
#pragma once

#include "core/base/location.hpp"
#include "core/plugin/registry.hpp"
#include "core/record/fact.hpp"
#include "core/run/supervisor.hpp"
#include "core/scenario/scenario.hpp"

#include <expected>
#include <functional>
#include <string>

namespace coldload {

// Of every strategy that needs no option and runs no program, as its defaults make it; those that say nothing
// are left out. [control-thread]
[[nodiscard]] Facts facts_of_plugins(Supervisor& supervisor, const Registry& registry);

// Told of each subject, "backend lake", before it is asked.
using AskingCallback = std::function<void(const std::string& subject)>;

// Of every backend chain and every strategy that the scenario compares; the same fact of one subject once.
// A model that is not whole is an error.
// Errors: as candidate_cases(). An interrupt ends it early. [control-thread]
[[nodiscard]] std::expected<Facts, Diagnostics> facts_of_scenario(Supervisor& supervisor,
                                                                  const Registry& registry,
                                                                  const Scenario& scenario,
                                                                  const AskingCallback& asking);

}  // namespace coldload
