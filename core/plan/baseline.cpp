#include "core/plan/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/plan/globs.hpp"

namespace coldload {
namespace {

class Assigner {
 public:
  Assigner(Plan& plan, const std::vector<const Candidate*>& kept, const std::vector<std::string>& left_out,
           Diagnostics& mistakes)
      : plan_(plan), kept_(kept), left_out_(left_out), mistakes_(mistakes) {}

  void run() {
    const auto& comparisons = plan_.scenario.comparisons;
    for (size_t i = 0; i < comparisons.size(); ++i) {
      const std::vector<const Case*> baselines = baselines_of(i, comparisons[i]);
      if (baselines.empty()) continue;
      for (size_t at = 0; at < plan_.cases.size(); ++at) {
        if (kept_[at]->comparisons.front() != i) continue;
        plan_.cases[at].baseline_id = nearest(baselines, plan_.cases[at]).id;
      }
    }
    for (const Expectation& expectation : plan_.scenario.expectations) {
      if (!matches_any(expectation.case_glob)) {
        mistake(expectation.case_where, "[[expect]]: case", expectation.case_glob);
      }
    }
  }

 private:
  // Warm against warm where the baseline has both: a warm case beside a cold baseline says nothing of the
  // strategy.
  static const Case& nearest(const std::vector<const Case*>& baselines, const Case& subject) {
    const auto same = std::ranges::find(baselines, subject.cache, &Case::cache);
    return same == baselines.end() ? *baselines.front() : **same;
  }

  // All that could serve, in order: those that run and that the glob matches.
  std::vector<const Case*> baselines_of(size_t index, const Comparison& comparison) {
    std::vector<const Case*> baselines;
    const Case* stopped = nullptr;
    for (size_t at = 0; at < plan_.cases.size(); ++at) {
      const Case& subject = plan_.cases[at];
      const auto& members = kept_[at]->comparisons;
      const bool meant = comparison.baseline.empty() ? std::ranges::find(members, index) != members.end()
                                                     : glob_matches(comparison.baseline, subject.id);
      if (!meant) continue;
      if (subject.runs()) baselines.push_back(&subject);
      if (stopped == nullptr && !subject.runs()) stopped = &subject;
    }
    if (!baselines.empty() || comparison.baseline.empty()) return baselines;
    if (stopped != nullptr) {
      plan_.notes.push_back(fmt::format("baseline {} does not run, so nothing is compared with it: {}",
                                        stopped->id,
                                        stopped->skip_reason.value_or("its backend could not be asked")));
    } else if (matches_left_out(comparison.baseline)) {
      plan_.notes.push_back(fmt::format(
          "baseline \"{}\" is left out by --only, so nothing is compared with it", comparison.baseline));
    } else {
      mistake(comparison.baseline_where, "[[compare]]: baseline", comparison.baseline);
    }
    return {};
  }

  bool matches_left_out(const std::string& glob) const {
    return std::ranges::any_of(left_out_, [&](const std::string& id) { return glob_matches(glob, id); });
  }

  bool matches_any(const std::string& glob) const {
    return matches_left_out(glob) || std::ranges::any_of(plan_.cases, [&](const Case& subject) {
             return glob_matches(glob, subject.id);
           });
  }

  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const Case& subject : plan_.cases) all.push_back(subject.id);
    return all;
  }

  // Both thresholds of one [[expect]] share its glob.
  void mistake(const Location& where, std::string_view key, const std::string& glob) {
    Diagnostic one{where, fmt::format("{}: {}", key, matches_nothing(glob, ids()))};
    if (mistakes_.empty() || to_string(mistakes_.back()) != to_string(one))
      mistakes_.push_back(std::move(one));
  }

  Plan& plan_;
  const std::vector<const Candidate*>& kept_;
  const std::vector<std::string>& left_out_;
  Diagnostics& mistakes_;
};

}  // namespace

void assign_baselines(Plan& plan, const std::vector<const Candidate*>& kept,
                      const std::vector<std::string>& left_out, Diagnostics& mistakes) {
  Assigner(plan, kept, left_out, mistakes).run();
}

}  // namespace coldload
