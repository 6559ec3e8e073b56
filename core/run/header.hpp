// The part of a result document that stands before the first run.
#pragma once

#include <optional>
#include <string>

#include "core/plan/plan.hpp"
#include "core/plugin/registry.hpp"
#include "core/record/document.hpp"

namespace coldload {

// Cases, scenario, environment with the mounts below the model, plugins with their SHA-256.
[[nodiscard]] ResultDocument document_header(const Plan& plan, const Registry& registry,
                                             const std::string& version);

// Absolute paths of the plugins that these specs need: what a worker loads, and no more.
[[nodiscard]] std::vector<std::string> plugin_files_for(const Registry& registry, const BackendChain& backend,
                                                        const ComponentSpec& strategy,
                                                        const std::optional<ComponentSpec>& destination = {});

}  // namespace coldload
