// The first two sentences: where the weights should live, and what that comes to.
#include <fmt/format.h>

#include "core/analyse/advisers.hpp"
#include "core/analyse/policy.hpp"
#include "core/analyse/words.hpp"
#include "core/base/limits.hpp"

namespace coldload {
namespace {

std::string place(const AdviceView& view, const CaseAnalysis& analysis) {
  return storage_in_words(view.document, *analysis.record);
}

const CaseAnalysis& on_disk(const Decision& decision) {
  const bool copy = decision.staged.cold != nullptr && !decision.staged.emulated;
  return copy ? *decision.staged.cold : *decision.disk.cold;
}

std::string against(const Decision& decision) {
  const std::optional<BaselineComparison>& comparison = decision.disk_against_network;
  if (comparison && comparison->verdict == Verdict::slower) {
    return fmt::format("takes {} as long", factor_in_words(comparison->ratio));
  }
  return "shows no difference";
}

std::string break_even_in_words(const BreakEven& even) {
  const double restarts = even.restarts.value_or(0);
  if (restarts <= 1) return "by the first restart";
  std::string text = fmt::format("after {} restarts", count_in_words(restarts));
  if (even.days) text += fmt::format(" ({} days at this policy's rate)", count_in_words(*even.days));
  return text;
}

// Sentences of homes that a comparison of disk and network led to.
Statement compared_home(const AdviceView& view) {
  const Decision& decision = view.decision;
  const CaseAnalysis& network = *decision.network.cold;
  const CaseAnalysis& disk = on_disk(decision);
  const std::string from_network = median_in_words(network);
  const std::string from_disk = median_in_words(disk);
  Statement out{"", ids_of({&network, &disk})};
  switch (decision.reason) {
    case HomeReason::disk_faster:
      out.text =
          fmt::format("keep the weights on this node's local disk: a cold load takes {} there and {} from {}",
                      from_disk, from_network, place(view, network));
      break;
    case HomeReason::staging_pays:
      out.text = fmt::format(
          "copy the weights to this node's disk at its first start and read them from there: a "
          "restart takes {} from the copy and {} from {}",
          from_disk, from_network, place(view, network));
      break;
    case HomeReason::network_not_slower:
      out.text =
          fmt::format("leave the weights on {}, where a cold load takes {}: {} with {} {}",
                      place(view, network), from_network, place(view, disk), from_disk, against(decision));
      break;
    case HomeReason::staging_never_pays:
      out.text = fmt::format(
          "leave the weights on {}, where a cold load takes {}, and do not stage them: a restart "
          "from the copy with {} {}, so the copy is never earned back",
          place(view, network), from_network, from_disk, against(decision));
      break;
    case HomeReason::staging_pays_too_late: {
      const BreakEven even = decision.break_even.value_or(BreakEven{});
      out.text = fmt::format(
          "leave the weights on {}, where a cold load takes {}: a copy on this node's disk saves {} "
          "a restart, and is earned back only {}",
          place(view, network), from_network, seconds_in_words(even.saved_per_restart_s),
          break_even_in_words(even));
      out.basis.push_back("scenario.policy");
      break;
    }
    case HomeReason::engine_start_dominates: {
      const double engine_s = decision.engine_start.seconds.value_or(0);
      const double saved_s = network.cold_load.median - disk.cold_load.median;
      const double ready_s = network.cold_load.median + engine_s;
      out.text = fmt::format(
          "leave the weights on {}: of {} until the service is ready the engine's own start is {}, "
          "and {} would save {}, {} of the whole",
          place(view, network), seconds_in_words(ready_s), seconds_in_words(engine_s), place(view, disk),
          seconds_in_words(saved_s), percent_in_words(saved_s / ready_s));
      out.basis.push_back(decision.engine_start.basis);
      break;
    }
    default:
      break;
  }
  return out;
}

Statement home_of(const AdviceView& view) {
  const Decision& decision = view.decision;
  switch (decision.reason) {
    case HomeReason::nothing_proved:
      return {
          fmt::format(
              "these runs do not say where the weights should live: no case has {} runs whose cache state "
              "is proved",
              limits::kRunsForVerdictMin),
          {"cases"}};
    case HomeReason::storage_unknown:
      return {
          "these runs do not say where the weights should live: the document does not tell what kind of "
          "storage "
          "its backends read from",
          {"cases"}};
    case HomeReason::emulated_only:
      return {
          "these runs do not say where the weights should live: all that was measured is emulated, which "
          "shows how "
          "such a comparison reads and not how fast this storage is",
          {"cases"}};
    case HomeReason::held_back:
      return {
          "these runs do not say where the weights should live: they were as fast as [run] max_bandwidth let "
          "them "
          "be, which says nothing of the storage",
          {"scenario.run.max_bandwidth"}};
    case HomeReason::disk_only:
      return {fmt::format(
                  "keep the weights on this node's local disk, where a cold load takes {}; no network was "
                  "measured, so nothing here says what the disk is worth",
                  median_in_words(*decision.steady)),
              ids_of({decision.steady})};
    case HomeReason::copy_only:
      return {
          fmt::format(
              "keep a copy of the weights on this node's disk, from which a restart takes {}; the network "
              "alone was not measured, so nothing here says whether the copy pays",
              median_in_words(*decision.steady)),
          ids_of({decision.steady})};
    case HomeReason::network_only:
      return {
          fmt::format(
              "read the weights from {}, where a cold load takes {}; no copy on a local disk was measured",
              place(view, *decision.steady), median_in_words(*decision.steady)),
          ids_of({decision.steady})};
    case HomeReason::no_local_disk:
      return {
          fmt::format(
              "read the weights from {}, where a cold load takes {}: this node has no local disk to keep a "
              "copy on",
              place(view, *decision.steady), median_in_words(*decision.steady)),
          {decision.steady->record->id, "environment.storage"}};
    default:
      return compared_home(view);
  }
}

std::optional<Statement> what_it_costs(const AdviceView& view) {
  const Decision& decision = view.decision;
  if (decision.home != Home::staged || decision.staged.first_start == nullptr) return std::nullopt;
  Statement out{fmt::format("the first start, copy and load together, takes {}",
                            median_in_words(*decision.staged.first_start)),
                ids_of({decision.staged.first_start})};
  if (decision.break_even && decision.break_even->restarts) {
    if (*decision.break_even->restarts <= 0) {
      out.text += ", no longer than one load from the network";
    } else {
      out.text += fmt::format(", which is earned back {}", break_even_in_words(*decision.break_even));
    }
    out.basis = ids_of({decision.staged.first_start, decision.staged.cold, decision.network.cold});
    if (decision.break_even->days) out.basis.push_back("scenario.policy");
  }
  return out;
}

// Where a restart misses every tier there is: by how much the widest.
std::optional<Statement> what_it_misses(const AdviceView& view) {
  const PolicyVerdict* widest = nullptr;
  for (const PolicyVerdict& verdict : view.decision.verdicts) {
    if (verdict.first_start) continue;
    if (verdict.met) return std::nullopt;
    if (widest == nullptr || verdict.allowed_s > widest->allowed_s) widest = &verdict;
  }
  if (widest == nullptr) return std::nullopt;
  return Statement{fmt::format("a restart misses every limit of the policy, the widest ({}, {}) by {}",
                               tier_in_words(widest->tier), seconds_in_words(widest->allowed_s),
                               seconds_in_words(widest->ready_s - widest->allowed_s)),
                   {widest->by->record->id, "scenario.policy"}};
}

// Of the tiers that are judged the strictest: what a reader asks next.
std::optional<Statement> what_it_meets(const AdviceView& view) {
  if (auto missed = what_it_misses(view)) return missed;
  for (const PolicyVerdict& verdict : view.decision.verdicts) {
    if (verdict.first_start) continue;
    const bool weights_only = !view.decision.engine_start.seconds;
    return Statement{
        fmt::format("that {} the {} limit of {} with {}{}", verdict.met ? "meets" : "misses",
                    tier_in_words(verdict.tier), seconds_in_words(verdict.allowed_s),
                    seconds_in_words(verdict.ready_s), weights_only ? ", weights only" : " until ready"),
        {verdict.by->record->id, "scenario.policy"}};
  }
  return std::nullopt;
}

// One sentence of two: what staging costs, and that it does not suffice.
std::optional<Statement> cost_and_miss(const AdviceView& view) {
  std::optional<Statement> cost = what_it_costs(view);
  const std::optional<Statement> missed = what_it_misses(view);
  if (!cost || !missed) return cost;
  cost->text += fmt::format("; {}", missed->text);
  for (const std::string& id : missed->basis) cost->basis.push_back(id);
  return cost;
}

// The most frequent reason of what stands in the way of a ranking.
std::optional<Statement> what_is_missing(const AdviceView& view) {
  for (const CaseAnalysis& analysis : view.analyses) {
    const CaseRecord& record = *analysis.record;
    if (record.cache != "cold") continue;
    for (const RunRecord& run : view.document.runs) {
      if (run.case_id != record.id || run.repetition == 0 || run.proof.valid || run.proof.reason.empty())
        continue;
      return Statement{fmt::format("what stands in the way: {}", run.proof.reason), {record.id}};
    }
    if (record.status != CaseStatus::ok && !record.reason.empty()) {
      return Statement{fmt::format("what stands in the way: {}", record.reason), {record.id}};
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> ids_of(std::initializer_list<const CaseAnalysis*> analyses) {
  std::vector<std::string> ids;
  for (const CaseAnalysis* analysis : analyses) {
    if (analysis != nullptr) ids.push_back(analysis->record->id);
  }
  return ids;
}

std::string median_in_words(const CaseAnalysis& analysis) {
  return seconds_in_words(analysis.cold_load.median);
}

std::vector<Statement> answer_of(const AdviceView& view) {
  std::vector<Statement> answer = {home_of(view)};
  std::optional<Statement> second = cost_and_miss(view);
  if (!second) second = view.decision.home == Home::undecided ? what_is_missing(view) : what_it_meets(view);
  if (second) answer.push_back(std::move(*second));
  return answer;
}

}  // namespace coldload
