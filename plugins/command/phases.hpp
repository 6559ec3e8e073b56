// Parts of a program's start, by the lines in which it says how long each took.
#pragma once

#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace coldload::command {

// An ECMAScript pattern whose first group is a number and whose second, if it has one, is the number's unit;
// seconds without one.
struct PhasePattern {
  std::string name;
  std::string pattern;
};

// Of "vllm" what vLLM's own log lines match, see docs/strategies/command.md; of "none" nothing.
[[nodiscard]] std::vector<PhasePattern> preset_phases(const std::string& preset);

// Throws COLDLOAD_INVALID_OPTION: a name that is no [a-z][a-z0-9_]* or taken by the strategy itself, a
// pattern that is none or without a group.
void check_phase(const std::string& name, const std::string& pattern);

// Throws COLDLOAD_INVALID_OPTION with `option` and what is wrong with the pattern.
[[nodiscard]] std::regex compiled(const std::string& option, const std::string& pattern);

// Only a line's first 1 KiB is looked at: std::regex recurses once for each byte.
[[nodiscard]] bool matches(std::string_view line, const std::regex& pattern);

// Nanoseconds of "1.27" and "seconds"; "" counts as seconds. Absent: not a number, not a unit of time.
[[nodiscard]] std::optional<uint64_t> duration_of(std::string_view number, std::string_view unit);

struct Phase {
  std::string name;
  uint64_t longest_ns = 0;  // of all lines that match: workers side by side each write one
  uint32_t line_count = 0;
};

// The phases that at least one line of `log` tells; lines end with "\n" or, as a progress bar's do, "\r".
[[nodiscard]] std::vector<Phase> find_phases(std::string_view log, const std::vector<PhasePattern>& patterns);

}  // namespace coldload::command
