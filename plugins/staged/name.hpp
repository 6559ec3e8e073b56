// Names that come from a server, before they become paths.
#pragma once

#include <string>
#include <string_view>

namespace coldload::staged {

// Why `name`, a '/'-separated path below a copy's directory, may not be one, or "". Purely lexical: empty,
// absolute,
// "." and "..", backslashes, control characters, NUL, parts above 255 bytes and names above 4096.
[[nodiscard]] std::string fault_of_name(std::string_view name);

// Throws COLDLOAD_UNSUPPORTED with the name and the fault.
void check_name(std::string_view name);

// "a/b/c" as "a/b" and "c"; the first is "" where there is no slash.
struct SplitName {
  std::string parent;
  std::string last;
};
[[nodiscard]] SplitName split_name(const std::string& name);

}  // namespace coldload::staged
