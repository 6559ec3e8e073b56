#include "core/analyse/policy.hpp"

#include <array>

#include "core/analyse/engine.hpp"
#include "core/analyse/storage_times.hpp"

namespace coldload {
namespace {

struct Tier {
  std::string_view name;
  std::string_view key;
  std::string_view in_words;
};
constexpr std::array<Tier, 3> kTiers = {{
    {"user_facing", "user_facing_ns", "user-facing"},
    {"internal", "internal_ns", "internal"},
    {"dev_test", "dev_test_ns", "dev/test"},
}};

// The fastest real cold case that is fast enough.
const CaseAnalysis* case_that_meets(const ResultDocument& document, const std::vector<CaseAnalysis>& analyses,
                                    double allowed_s, double engine_s) {
  const uint64_t bytes = ranked_bytes(analyses);
  const CaseAnalysis* best = nullptr;
  for (const CaseAnalysis& analysis : analyses) {
    const CaseRecord& record = *analysis.record;
    if (record.cache != "cold" || record.emulated || !is_ranked(analysis, bytes)) continue;
    if (!storage_mode_of(document, record)) continue;
    if (analysis.cold_load.median + engine_s > allowed_s) continue;
    if (best == nullptr || analysis.cold_load.median < best->cold_load.median) best = &analysis;
  }
  return best;
}

}  // namespace

std::string_view tier_in_words(std::string_view tier) {
  for (const Tier& known : kTiers) {
    if (known.name == tier) return known.in_words;
  }
  return tier;
}

std::vector<PolicyVerdict> judge_policy(const ResultDocument& document,
                                        const std::vector<CaseAnalysis>& analyses, const Decision& decision) {
  std::vector<PolicyVerdict> verdicts;
  const json::object* policy = json::object_at(document.scenario, "policy");
  if (policy == nullptr || decision.steady == nullptr) return verdicts;
  const double engine_s = decision.engine_start.seconds.value_or(0);
  for (const Tier& tier : kTiers) {
    if (!policy->contains(tier.key)) continue;
    const double allowed_s = json::number_or(*policy, tier.key) * 1e-9;
    const auto judge = [&](const CaseAnalysis* by, bool first_start) {
      PolicyVerdict verdict;
      verdict.tier = tier.name;
      verdict.allowed_s = allowed_s;
      verdict.first_start = first_start;
      verdict.ready_s = by->cold_load.median + engine_s;
      verdict.met = verdict.ready_s <= allowed_s;
      verdict.by = by;
      if (!verdict.met) verdict.would_meet = case_that_meets(document, analyses, allowed_s, engine_s);
      verdicts.push_back(std::move(verdict));
    };
    // Judged by the loader that the service will use, not by the fastest there is.
    const bool by_engine = decision.engine != nullptr && leaves_the_loader_open(document);
    judge(by_engine ? decision.engine : decision.steady, false);
    if (decision.home == Home::staged && decision.staged.first_start != nullptr) {
      judge(decision.staged.first_start, true);
    }
  }
  return verdicts;
}

}  // namespace coldload
