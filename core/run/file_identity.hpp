// Whether an object is still the file that it was.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/plan/plan.hpp"
#include "core/record/record.hpp"
#include "core/run/proof.hpp"

namespace coldload {

// Of an open file; absent where fstat(2) fails. [any-thread]
[[nodiscard]] std::optional<FileIdentity> identity_of(int fd);

// "was replaced", "was written to", …: what became of a file since it was `before`. "" where nothing did.
[[nodiscard]] std::string what_changed(const FileIdentity& before, const FileIdentity& now);

// One an object; absent where it has no descriptor. [control-thread]
[[nodiscard]] std::vector<std::optional<FileIdentity>> identities_of(const Objects& objects);

// Bytes that changed under the clock are neither the old file's nor the new one's. `items` and `before`: one
// an object. Error (integrity): which of them changed since, and how. [control-thread]
[[nodiscard]] Result<void> check_unchanged(const Objects& objects, const std::vector<ModelObject>& items,
                                           const std::vector<std::optional<FileIdentity>>& before);

}  // namespace coldload
