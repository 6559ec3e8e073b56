#include "core/plan/globs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "core/base/limits.hpp"
#include "core/scenario/glob.hpp"

namespace coldload {
namespace {

constexpr size_t kIdsShown = 3;

std::string said(std::string_view glob, std::span<const std::string> ids, size_t certain) {
  if (const auto near = nearest_to_glob(glob, ids)) {
    return fmt::format("\"{}\" matches no case; did you mean \"{}\"?", glob, *near);
  }
  std::string shown;
  for (size_t i = 0; i < certain && i < kIdsShown; ++i) shown += (i == 0 ? "" : ", ") + ids[i];
  if (certain > kIdsShown) shown += ", …";
  return fmt::format("\"{}\" matches no case; cases are {}", glob, shown);
}

// Those that are cases whatever a backend says come first.
struct CandidateIds {
  std::vector<std::string> all;
  size_t certain = 0;
};

CandidateIds ids_of(const std::vector<Candidate>& candidates) {
  CandidateIds ids;
  for (const bool perhaps : {false, true}) {
    for (const Candidate& candidate : candidates) {
      if (candidate.only_if_staged == perhaps) ids.all.push_back(candidate.id);
    }
    if (!perhaps) ids.certain = ids.all.size();
  }
  return ids;
}

}  // namespace

std::string matches_nothing(std::string_view glob, const std::vector<std::string>& ids) {
  return said(glob, ids, ids.size());
}

std::string matches_nothing(std::string_view glob, const std::vector<Candidate>& candidates) {
  const CandidateIds ids = ids_of(candidates);
  return said(glob, ids.all, ids.certain);
}

Diagnostics mistaken_globs(const Scenario& scenario, const std::vector<Candidate>& candidates) {
  const CandidateIds ids = ids_of(candidates);
  Diagnostics mistakes;
  std::set<std::string, std::less<>> fitting;  // the same glob may stand in many places
  const auto check = [&](const std::string& glob, const Location& where, std::string_view key) {
    if (glob.empty() || fitting.contains(glob) || mistakes.size() >= limits::kDiagnosticsMax) return;
    if (std::ranges::any_of(ids.all, [&](const std::string& id) { return glob_matches(glob, id); })) {
      fitting.insert(glob);
      return;
    }
    Diagnostic mistake{where, fmt::format("{}: {}", key, said(glob, ids.all, ids.certain))};
    // Both thresholds of one [[expect]] share its glob.
    if (mistakes.empty() || to_string(mistakes.back()) != to_string(mistake))
      mistakes.push_back(std::move(mistake));
  };
  for (const Comparison& comparison : scenario.comparisons) {
    check(comparison.baseline, comparison.baseline_where, "[[compare]]: baseline");
  }
  for (const Expectation& expectation : scenario.expectations) {
    check(expectation.case_glob, expectation.case_where, "[[expect]]: case");
  }
  return mistakes;
}

}  // namespace coldload
