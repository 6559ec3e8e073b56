// Who else uses the model's files: evicting or warming under another process would slow it down.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace coldload {

struct FileUser {
  int pid = 0;
  std::string program;  // comm
  std::string path;     // of the file, as that process sees it
  bool maps = false;    // else it holds it open
};

// The first other process, outside our own process group and not our parent, that maps or holds open one of
// these files (absolute paths). Processes whose tables we may not read are not seen. [control-thread]
[[nodiscard]] std::optional<FileUser> find_file_user(const std::vector<std::string>& paths);

// "process 4242 (python3) maps /models/a.safetensors"
[[nodiscard]] std::string to_string(const FileUser& user);

}  // namespace coldload
