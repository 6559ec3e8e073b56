// Opens plugin files in a child process first. For this folder and its tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace coldload {

// For each file why it is refused, or "" where open_plugin() succeeded in a child process. One child opens
// them in order; one that dies, or does not answer within `timeout_ms` for a file, costs that file and a new
// child goes on. Leaves no process behind. What plugins print while loading goes nowhere.
[[nodiscard]] std::vector<std::string> check_in_child(const std::vector<std::filesystem::path>& files,
                                                      uint64_t timeout_ms);

}  // namespace coldload
