#include "core/base/location.hpp"

#include <fmt/format.h>

namespace coldload {

std::string to_string(const Location& where) {
  if (where.line == 0) return where.file;
  return fmt::format("{}:{}:{}", where.file, where.line, where.column);
}

std::string to_string(const Diagnostic& diagnostic) {
  if (diagnostic.where.file.empty()) return diagnostic.message;
  return fmt::format("{}: {}", to_string(diagnostic.where), diagnostic.message);
}

}  // namespace coldload
