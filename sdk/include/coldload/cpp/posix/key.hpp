// Which names a backend of files takes: checked by their letters, before a file system or a server is asked.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include "coldload/cpp/failure.hpp"

namespace coldload::sdk::posix {

enum class KeyUse { object, prefix };

// Throws COLDLOAD_INVALID_OPTION for an absolute key, an empty component, "." or "..", a NUL
// byte, or more than 4096 bytes. A prefix may be "", which is the root.
inline void check_key(const std::string& key, KeyUse use) {
  constexpr size_t kKeyBytesMax = 4096;
  const auto refuse = [&](const char* why) {
    return Failure(COLDLOAD_INVALID_OPTION, "key \"" + key.substr(0, 200) + "\": " + why);
  };
  if (key.empty() && use == KeyUse::prefix) return;
  if (key.empty()) throw refuse("empty");
  if (key.size() > kKeyBytesMax) throw refuse("longer than 4096 bytes");
  if (key.find('\0') != std::string::npos) throw refuse("has a NUL byte");
  if (key[0] == '/') throw refuse("absolute, expected one relative to the backend's root");
  for (size_t start = 0; start <= key.size();) {
    const size_t end = std::min(key.find('/', start), key.size());
    const std::string part = key.substr(start, end - start);
    if (part.empty()) throw refuse("has an empty component");
    if (part == "." || part == "..") throw refuse("has a component \".\" or \"..\"");
    start = end + 1;
  }
}

}  // namespace coldload::sdk::posix
