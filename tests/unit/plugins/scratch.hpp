// A directory of test files that is removed with its object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/plugin_harness.hpp"

namespace coldload::testing {

// Below the build directory and not below /tmp, which may be a tmpfs: that takes no direct reads and no
// eviction.
class Scratch {
 public:
  Scratch() {
    std::string path = std::string(COLDLOAD_BINARY_DIR) + "/scratch-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no scratch directory at " + path);
    path_ = path;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

  // Bytes that differ from page to page and from file to file.
  Expected file(const std::string& key, uint64_t size_bytes) {
    auto bytes = std::make_shared<std::string>(size_bytes, '\0');
    uint64_t state = std::hash<std::string>()(key) | 1;
    for (char& byte : *bytes) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<char>(state >> 56);
    }
    const std::filesystem::path path = path_ + "/" + key;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << *bytes;
    return {key, size_bytes, bytes};
  }

 private:
  std::string path_;
};

}  // namespace coldload::testing
