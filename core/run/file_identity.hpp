// Whether an object is still the file that it was.
#pragma once

#include <optional>
#include <string>

#include "core/record/record.hpp"

namespace coldload {

// Of an open file; absent where fstat(2) fails. [any-thread]
[[nodiscard]] std::optional<FileIdentity> identity_of(int fd);

// "was replaced", "was written to", …: what became of a file since it was `before`. "" where nothing did.
[[nodiscard]] std::string what_changed(const FileIdentity& before, const FileIdentity& now);

}  // namespace coldload
