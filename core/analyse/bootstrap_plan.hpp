// What a node's bootstrap does, as the decision says it: everything its script needs, and no shell in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/analyse/decision.hpp"
#include "core/analyse/statement.hpp"

namespace coldload {

// The file system a directory must lie on for the numbers to hold.
struct ExpectedMount {
  std::string directory;    // that is looked at
  std::string mount_point;  // where it was measured; "" where it is not known
  std::string type;         // "ext4", "nfs4"
  std::string source;       // "/dev/nvme0n1p1", "server:/export"
};

struct BootstrapPlan {
  Home home = Home::undecided;
  std::string scenario;  // its name, and the run it follows from
  std::string run_id;
  std::string model_name;  // a name for files and directories: the model path's last part
  uint64_t model_bytes = 0;

  // Home::staged: what is copied from where to where. Else empty.
  std::string source;  // a directory, or a URL that `coldload stage` understands
  bool source_is_url = false;
  std::vector<std::string> source_options;  // "endpoint=http://h:9000": what the scenario says of it besides
  std::string target_root;     // a directory on the disk; versions are kept below <target_root>/<model_name>/
  uint64_t reserve_bytes = 0;  // of the target, that stays free
  uint32_t keep_versions = 2;  // the one in use included
  uint64_t copy_ns = 0;        // the median copy that was measured; 0 where none was

  // Else: the directory the service reads. Empty where the model lies behind a URL that no path leads to.
  std::string model_directory;

  std::vector<ExpectedMount> mounts;  // each must be there, before anything is done
  bool prewarm = false;

  // The device's read-ahead that was in effect when it was measured; none where it is not known.
  std::string read_ahead_device;
  std::optional<uint64_t> read_ahead_bytes;

  std::vector<std::string> engine_flags;  // "--load-format", "auto": appended to the service's arguments
  std::vector<std::string> argv;  // of the service, {model} and {port} still in it; empty: none is started
  uint32_t port = 0;
  std::string health;  // "/health"; "" where none is known
  uint64_t ready_timeout_ns = 0;

  std::vector<Statement> reasons;  // why it does what it does, for the script's head
  std::string not_possible;        // why no script can be made; "" where one can
};

// `run_id` names the run, as its folder does. Without a [service] in the document the plan starts nothing.
[[nodiscard]] BootstrapPlan plan_bootstrap(const ResultDocument& document, const Decision& decision,
                                           const std::string& run_id);

}  // namespace coldload
