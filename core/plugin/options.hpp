// Options: from what was written to what the component's table says it must be.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "coldload/abi.h"
#include "core/base/location.hpp"
#include "core/base/value.hpp"

namespace coldload {

enum class OptionSource { default_value, written };

// One option of one created component: typed, in range, its source known.
struct EffectiveOption {
  std::string name;
  uint32_t type = 0;  // COLDLOAD_OPTION_*
  OptionSource source = OptionSource::default_value;
  std::string
      shown;  // as a scenario would write it, normalised ("8 MiB"); a secret as "env:NAME" or "file:PATH"
  int64_t integer = 0;
  uint64_t quantity = 0;
  double real = 0;
  std::string text;                // of a secret the reference, not the secret: resolve_secret() at creation
  std::vector<std::string> items;  // LIST; MAP: keys and values in turn
};

using EffectiveOptions = std::vector<EffectiveOption>;

// Checks `written` against the component's table, in the table's order, defaults filled. Every mistake
// becomes a diagnostic at its own place: unknown name (with the nearest), wrong type (with what was expected
// and found), out of range (with the range), a secret given literally, a missing required option (at
// `where`). `backend_names` are what an option of type backend may name. Relative paths are resolved against
// `base_directory`. An array given to a scalar option is a mistake here: the planner has expanded sweeps
// before.
struct OptionContext {
  std::string subject;  // "backend "lake" (s3)"
  Location where;
  std::vector<std::string> backend_names;
  std::string base_directory;
};
[[nodiscard]] EffectiveOptions check_options(const coldload_component& component, const ValueTable& written,
                                             const OptionContext& context, Diagnostics& mistakes);

// Names of the scalar options that `written` gives an array for (in file order), and the number of cases.
[[nodiscard]] std::vector<std::string> swept_options(const coldload_component& component,
                                                     const ValueTable& written);

// The table of a component's option by name, or null.
[[nodiscard]] const coldload_option* find_option(const coldload_component& component, std::string_view name);
[[nodiscard]] const EffectiveOption* find_option(const EffectiveOptions& options, std::string_view name);

// "bytes, 1 MiB to 5 GiB, default 8 MiB"; "one of chunks, files, default chunks".
[[nodiscard]] std::string describe_option(const coldload_option& option);

// A secret's value: of "env:NAME" or "file:PATH" (trailing newline removed, at most 64 KiB).
[[nodiscard]] Result<std::string> resolve_secret(const std::string& reference);

}  // namespace coldload
