// Options: from what was written to what the component's table says it must be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coldload/abi.h"
#include "core/base/location.hpp"
#include "core/base/result.hpp"
#include "core/base/value.hpp"

namespace coldload {

enum class OptionSource { default_value, written };

// One option of one created component: typed, in range, its source known.
struct EffectiveOption {
  std::string name;
  uint32_t type = 0;  // COLDLOAD_OPTION_*
  OptionSource source = OptionSource::default_value;
  // As a scenario would write it, normalised ("8 MiB"), strings bare; of a secret the reference.
  std::string shown;
  int64_t integer = 0;             // BOOL, INT
  uint64_t quantity = 0;           // BYTES; DURATION in nanoseconds; RATE in bytes per second
  double real = 0;                 // FLOAT
  std::string text;                // STRING, CHOICE, PATH; BACKEND: its name; SECRET: the reference, see
                                   // resolve_secret(). "" where an option that may be left out was
  std::vector<std::string> items;  // LIST; MAP: keys and values in turn
};

using EffectiveOptions = std::vector<EffectiveOption>;

struct OptionContext {
  std::string subject;  // "backend "lake""
  Location where;       // of the component's table
  std::vector<std::string> backend_names;
  std::string base_directory;  // absolute
};

// Checks `written` against the component's table, in the table's order, defaults filled. Every mistake
// becomes a diagnostic at its own place: unknown name (with the nearest), wrong type (with what was expected
// and found), out of range (with the range), a secret given literally, a missing required option (at
// `where`). `backend_names` are what an option of type backend may name. Relative paths (also those of
// "file:PATH") are resolved against `base_directory`, links unread. An array given to a scalar option is a
// mistake here: the planner has expanded sweeps before. An option with a mistake is left out of the result.
// [any-thread]
[[nodiscard]] EffectiveOptions check_options(const coldload_component& component, const ValueTable& written,
                                             const OptionContext& context, Diagnostics& mistakes);

// One value as one option of the table wants it; the error is the diagnostic, complete. [any-thread]
[[nodiscard]] std::expected<EffectiveOption, Diagnostic> read_option(const coldload_option& option,
                                                                     const Value& value,
                                                                     const OptionContext& context);

// Names of the scalar options that `written` gives an array for, in file order.
[[nodiscard]] std::vector<std::string> swept_options(const coldload_component& component,
                                                     const ValueTable& written);

// The table's options. The stride is what the plugin was built with (struct_size), so never index `options`.
[[nodiscard]] const coldload_option& option_at(const coldload_component& component, uint32_t index);
[[nodiscard]] std::vector<std::string> option_names(const coldload_component& component);

// The table of a component's option by name, or null.
[[nodiscard]] const coldload_option* find_option(const coldload_component& component, std::string_view name);
[[nodiscard]] const EffectiveOption* find_option(const EffectiveOptions& options, std::string_view name);

// "bytes, 1 MiB to 5 GiB, default 8 MiB"; "one of chunks, files, default chunks"; "1 to 512 threads, default
// 4".
[[nodiscard]] std::string describe_option(const coldload_option& option);

// "bool", "int", …, "path": the type's name in documents; "unknown" for a number that is none.
[[nodiscard]] std::string_view option_type_name(uint32_t type);

// The default as the value a scenario would have written. Of a table that check_option_table() passed.
[[nodiscard]] Value default_value_of(const coldload_option& option);

// That the table can be trusted: names, types, defaults that parse and lie in range, choices where they
// belong. Errors (invalid_option): "option "part_size": default "8 MX": unknown unit …".
[[nodiscard]] Result<void> check_option_table(const coldload_component& component);

// The value behind a checked reference "env:NAME" or "file:PATH" (one trailing newline removed, at most
// limits::kSecretBytesMax). Not found, empty, or holding a NUL is an error that names the reference, never
// the value. [any-thread]
[[nodiscard]] Result<std::string> resolve_secret(const std::string& reference);

}  // namespace coldload
