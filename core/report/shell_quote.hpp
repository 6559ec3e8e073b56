// Values in a text that bash or systemd reads. Everything that comes from outside passes one of these.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace coldload {

// One word of bash, whatever bytes it holds: '…' of printable ASCII, else $'…' with every other byte as an
// octal escape, so that no editor, terminal or checker sees anything but ASCII. A NUL, which no word of bash
// can hold, is refused (invalid_option). [any-thread]
[[nodiscard]] Result<std::string> shell_quote(std::string_view value);

enum class UnitPlace : uint8_t {
  exec,  // an argument of ExecStart=: "$" is doubled, and any byte but NUL can be written
  path,  // ReadWritePaths=, RequiresMountsFor=: systemd knows no escapes there
};

// One word of a unit's line, in double quotes, "%" doubled. What the place cannot hold is refused
// (invalid_option): NUL anywhere, a control character or bytes that are no UTF-8 in a path. [any-thread]
[[nodiscard]] Result<std::string> unit_quote(std::string_view value, UnitPlace place);

}  // namespace coldload
