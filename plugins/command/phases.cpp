#include "phases.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "coldload/cpp/failure.hpp"

namespace coldload::command {
namespace {

constexpr size_t kLineBytesMatchedMax = 1024;

// The lines and where they come from: docs/strategies/command.md.
constexpr struct {
  const char* name;
  const char* pattern;
} kVllm[] = {
    {"weights", R"(Loading weights took ([0-9.]+) (seconds))"},
    {"model",
     R"((?:Model loading|Loading model weights) took [0-9.]+ Gi?B(?: memory)? and ([0-9.]+) (seconds))"},
    {"compile", R"(torch\.compile (?:takes|took) ([0-9.]+) (s) in total)"},
    {"capture", R"(Graph capturing finished in ([0-9.]+) (secs))"},
    {"engine", R"(init engine \(profile, create kv cache, warmup model\) took ([0-9.]+) (s|seconds)\b)"},
};

constexpr struct {
  std::string_view name;
  double ns;
} kUnits[] = {
    {"", 1e9},       {"s", 1e9},           {"sec", 1e9},          {"secs", 1e9},
    {"second", 1e9}, {"seconds", 1e9},     {"ms", 1e6},           {"us", 1e3},
    {"ns", 1},       {"millisecond", 1e6}, {"milliseconds", 1e6}, {"min", 60e9},
    {"mins", 60e9},  {"minute", 60e9},     {"minutes", 60e9},
};

std::string_view head_of(std::string_view line) {
  return line.substr(0, kLineBytesMatchedMax);
}

void look_at(std::string_view line, const std::regex& pattern, Phase& phase) {
  std::match_results<std::string_view::const_iterator> found;
  const std::string_view head = head_of(line);
  if (!std::regex_search(head.begin(), head.end(), found, pattern)) return;
  const std::string unit = found.size() > 2 ? found[2].str() : std::string();
  const auto duration_ns = duration_of(found[1].str(), unit);
  if (!duration_ns) return;
  ++phase.line_count;
  phase.longest_ns = std::max(phase.longest_ns, *duration_ns);
}

}  // namespace

std::vector<PhasePattern> preset_phases(const std::string& preset) {
  std::vector<PhasePattern> out;
  if (preset != "vllm") return out;
  for (const auto& row : kVllm) out.push_back({row.name, row.pattern});
  return out;
}

void check_phase(const std::string& name, const std::string& pattern) {
  const bool plain = !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
                     name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!plain) {
    throw sdk::Failure(COLDLOAD_INVALID_OPTION,
                       "phases: \"" + name + "\" is no name: small letters, digits and '_'");
  }
  if (name == "ready") {
    throw sdk::Failure(COLDLOAD_INVALID_OPTION,
                       "phases: \"ready\" is the name of the whole, from launch to ready");
  }
  if (compiled("phases: " + name, pattern).mark_count() == 0) {
    throw sdk::Failure(
        COLDLOAD_INVALID_OPTION,
        "phases: " + name + ": the pattern has no group for the number, as in \"took ([0-9.]+) s\"");
  }
}

std::regex compiled(const std::string& option, const std::string& pattern) {
  try {
    return std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    throw sdk::Failure(COLDLOAD_INVALID_OPTION,
                       option + ": \"" + pattern + "\" is no pattern: " + error.what());
  }
}

bool matches(std::string_view line, const std::regex& pattern) {
  const std::string_view head = head_of(line);
  return std::regex_search(head.begin(), head.end(), pattern);
}

std::optional<uint64_t> duration_of(std::string_view number, std::string_view unit) {
  double value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != number.data() + number.size()) return std::nullopt;
  const auto* known =
      std::find_if(std::begin(kUnits), std::end(kUnits), [&](const auto& row) { return row.name == unit; });
  if (known == std::end(kUnits)) return std::nullopt;
  const double ns = value * known->ns;
  // Within a century: beyond that it was no duration.
  if (!std::isfinite(ns) || ns < 0 || ns > 3.2e18) return std::nullopt;
  return static_cast<uint64_t>(std::llround(ns));
}

std::vector<Phase> find_phases(std::string_view log, const std::vector<PhasePattern>& patterns) {
  std::vector<Phase> phases;
  std::vector<std::regex> compiled_patterns;
  for (const PhasePattern& pattern : patterns) {
    phases.push_back({pattern.name, 0, 0});
    compiled_patterns.push_back(compiled("phases: " + pattern.name, pattern.pattern));
  }
  while (!log.empty()) {
    const size_t end = std::min(log.find_first_of("\r\n"), log.size());
    const std::string_view line = log.substr(0, end);
    for (size_t i = 0; i < phases.size(); ++i) look_at(line, compiled_patterns[i], phases[i]);
    log.remove_prefix(std::min(end + 1, log.size()));
  }
  std::erase_if(phases, [](const Phase& phase) { return phase.line_count == 0; });
  return phases;
}

}  // namespace coldload::command
