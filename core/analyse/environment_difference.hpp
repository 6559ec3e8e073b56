// In what the surroundings of two result documents differ: what may explain a ratio before anything else
// does.
#pragma once

#include <string>
#include <vector>

#include "core/record/document.hpp"

namespace coldload {

struct EnvironmentDifference {
  std::string group;  // "machine", "mount of nvme", "plugin org.coldload.s3", "scenario", "backend lake", …
  std::string what;   // "kernel"; unique in its group
  std::string base;   // as people read it: "16.8 GB"; "absent" where the document does not say
  std::string fresh;
  friend bool operator==(const EnvironmentDifference&, const EnvironmentDifference&) = default;
};

// Only what differs, in this order: machine, program, mounts (by backend), plugins (by id), the scenario's
// settings and model, the options of backends and strategies in effect, checksums of the model, ceilings.
// Values that read the same are the same. Not told: what changes from minute to minute on one machine (free
// space; free memory and ceilings within 10 %), and the scenario's file and comments. [any-thread]
[[nodiscard]] std::vector<EnvironmentDifference> environment_differences(const ResultDocument& base,
                                                                         const ResultDocument& fresh);

}  // namespace coldload
