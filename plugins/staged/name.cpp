#include "name.hpp"

#include <cstdio>

#include "coldload/cpp/failure.hpp"

namespace coldload::staged {
namespace {

constexpr size_t kNameBytesMax = 4096;
constexpr size_t kPartBytesMax = 255;

std::string fault_of_part(std::string_view part) {
  if (part.empty()) return "has an empty part";
  if (part == "." || part == "..") return "has a part \"" + std::string(part) + "\"";
  if (part.size() > kPartBytesMax) return "has a part of more than 255 bytes";
  for (const char each : part) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte == '\\') return "has a backslash";
    if (byte < 0x20 || byte == 0x7F) return "has a control character";
  }
  return {};
}

// For a message: what does not print is escaped.
std::string printable(std::string_view name) {
  std::string shown;
  for (const char each : name.substr(0, 200)) {
    const auto byte = static_cast<unsigned char>(each);
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    shown += byte < 0x20 || byte == 0x7F ? escaped : std::string(1, each);
  }
  return shown;
}

}  // namespace

std::string fault_of_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kNameBytesMax) return "is longer than 4096 bytes";
  if (name.front() == '/') return "is absolute";
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    if (std::string fault = fault_of_part(name.substr(begin, end - begin)); !fault.empty()) return fault;
    begin = end + 1;
  }
  return {};
}

void check_name(std::string_view name) {
  const std::string fault = fault_of_name(name);
  if (fault.empty()) return;
  throw sdk::Failure(COLDLOAD_UNSUPPORTED, "the source's object \"" + printable(name) + "\" " + fault +
                                               ": such a name is not staged, nothing was written");
}

SplitName split_name(const std::string& name) {
  const size_t slash = name.rfind('/');
  if (slash == std::string::npos) return {"", name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

}  // namespace coldload::staged
