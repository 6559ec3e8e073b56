#include "core/cli/quick.hpp"

#include <fmt/format.h>

namespace coldload {

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += byte;
    } else if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(byte));
    } else {
      out += byte;
    }
  }
  return out + "\"";
}

std::string quick_scenario(const std::filesystem::path& directory) {
  return fmt::format(R"(schema = 1
name = "quick"
[model]
path = ""
[backend.local]
root = {}
[strategy.sequential]
[strategy.parallel]
[strategy.mmap]
[strategy.io_uring]
[[compare]]
backend = "local"
strategy = ["sequential", "parallel", "mmap", "io_uring"]
cache = "cold"
)",
                     toml_string(directory.string()));
}

}  // namespace coldload
