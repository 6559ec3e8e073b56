// The script that sets a node up as a decision says.
#pragma once

#include <cstdint>
#include <string>

#include "core/analyse/bootstrap_plan.hpp"
#include "core/base/result.hpp"

namespace coldload {

// Bash, shellcheck clean: why, then the plan's values as quoted assignments, then constant text, of which
// only the steps that the plan asks for. What it does step by step: docs/bootstrap.md. Fails (invalid_option)
// for a plan that is `not_possible`, and where a value cannot stand in a script: a NUL anywhere, a model's
// name that is no file name, a path that is not absolute. [any-thread]
[[nodiscard]] Result<std::string> render_bootstrap_script(const BootstrapPlan& plan);

// How long copying, reading back and warming may take each, and the service to become ready: what script and
// unit wait at most. Of a copy that was measured three times as long and a minute; else as slow as 50 MB/s.
[[nodiscard]] uint64_t copy_timeout_s(const BootstrapPlan& plan);
[[nodiscard]] uint64_t ready_timeout_s(const BootstrapPlan& plan);

}  // namespace coldload
