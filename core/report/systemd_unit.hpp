// The systemd unit that runs a bootstrap script.
#pragma once

#include <string>

#include "core/analyse/bootstrap_plan.hpp"
#include "core/base/result.hpp"

namespace coldload {

// `script_path` is where the script will lie, absolute. With a service the unit is up when the service is
// ready (Type=notify), else when the node is prepared (Type=oneshot). As little as the steps need is
// permitted. Fails (invalid_option) for a plan that is `not_possible` and where a path cannot stand in a
// unit. [any-thread]
[[nodiscard]] Result<std::string> render_systemd_unit(const BootstrapPlan& plan,
                                                      const std::string& script_path);

}  // namespace coldload
