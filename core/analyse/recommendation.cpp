// Four to six sentences that a layout follows from.
#include <fmt/format.h>

#include <algorithm>

#include "core/analyse/advisers.hpp"
#include "core/analyse/policy.hpp"
#include "core/analyse/words.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

Statement where(const AdviceView& view) {
  Statement home = answer_of(view).front();
  home.text = "steady state: " + home.text;
  const CaseAnalysis* engine = view.decision.engine;
  if (engine != nullptr && engine != view.decision.steady && !view.plan.engine_flags.empty()) {
    home.text += fmt::format("; the fastest of vLLM's own loaders takes {} there", median_in_words(*engine));
    home.basis.push_back(engine->record->id);
  }
  const CaseAnalysis* steady = view.decision.steady;
  for (const Finding& finding : view.findings) {
    if (finding.kind != FindingKind::bimodal || steady == nullptr) continue;
    if (finding.what.basis.front() == steady->record->id)
      home.text += "; its runs fall into two groups, and the median stands for neither";
  }
  return home;
}

// Of a staged backend that gave no figure: why, by the first of its cases that says so.
Statement not_staged(const AdviceView& view) {
  Statement out{"when to stage: not measured, no staged backend is in this scenario", {"cases"}};
  for (const CaseRecord& record : view.document.cases) {
    const BackendRecord* backend = view.document.backend(record.backend);
    if (backend == nullptr || backend->storage != StorageKind::staged) continue;
    if (out.basis.front() == "cases") {
      out = {"when to stage: not measured, no case of the staged backend has enough runs that are proved",
             {}};
    }
    const bool told = out.text.ends_with(record.reason);
    if (!told && !record.reason.empty()) out.text += fmt::format("; {}", record.reason);
    out.basis.push_back(record.id);
  }
  return out;
}

Statement when_to_stage(const AdviceView& view) {
  const Decision& decision = view.decision;
  const StorageTimes& staged = decision.staged;
  if (!staged.measured()) return not_staged(view);
  if (staged.emulated) {
    return {"when to stage: only an emulated source was measured, which supports no advice",
            ids_of({staged.first_start, staged.cold})};
  }
  if (staged.first_start == nullptr || staged.cold == nullptr) {
    return {"when to stage: a first start and a restart from the copy would both have to be measured",
            ids_of({staged.first_start, staged.cold})};
  }
  std::string text =
      fmt::format("when to stage: a first start takes {}, {} of it the copy and {} the load",
                  median_in_words(*staged.first_start), seconds_in_words(staged.copy_s.value_or(0)),
                  seconds_in_words(staged.load_after_copy_s.value_or(0)));
  Statement out{std::move(text), ids_of({staged.first_start, staged.cold})};
  if (!decision.break_even) {
    out.text += "; the network alone was not measured, so when that is earned back is not known";
    return out;
  }
  const BreakEven& even = *decision.break_even;
  out.basis.push_back(decision.network.cold->record->id);
  if (!even.restarts) {
    const bool open = even.saved_per_restart_s > 0;
    out.text += fmt::format("; a restart from the copy takes {} against {} from the network, {}",
                            median_in_words(*staged.cold), median_in_words(*decision.network.cold),
                            open ? "which these runs do not tell apart, so nothing says that staging pays"
                                 : "so staging never pays");
  } else if (*even.restarts <= 0) {
    out.text += fmt::format("; that is no longer than a load from the network ({}), so stage always",
                            median_in_words(*decision.network.cold));
  } else {
    out.text += fmt::format(
        "; that is {} more than a load from the network, each restart saves {}, so staging pays "
        "from restart {} on",
        seconds_in_words(even.extra_first_s), seconds_in_words(even.saved_per_restart_s),
        fmt::format("{:.0f}", std::ceil(*even.restarts)));
    // Less than a tenth of a day is no figure to plan with.
    if (even.days && *even.days >= 0.1) {
      out.text += fmt::format(", {} days after the first start", count_in_words(*even.days));
      out.basis.push_back("scenario.policy");
    }
    if (decision.reason == HomeReason::engine_start_dominates) {
      out.text += "; beside the engine's own start that is too little to stage for";
      out.basis.push_back(decision.engine_start.basis);
    }
  }
  return out;
}

std::string how_far(const PolicyVerdict& verdict) {
  return fmt::format("{} {}", seconds_in_words(std::abs(verdict.allowed_s - verdict.ready_s)),
                     verdict.met ? "to spare" : "too slow");
}

std::string outcome(const PolicyVerdict& verdict) {
  return fmt::format("{} {} with {} ({})", verdict.first_start ? "a first start" : "a restart",
                     verdict.met ? "meets it" : "misses it", seconds_in_words(verdict.ready_s),
                     how_far(verdict));
}

// One sentence a tier: a restart, and where the home is a copy the first start too.
Statement tier_statement(const AdviceView& view, const std::vector<const PolicyVerdict*>& verdicts) {
  const PolicyVerdict& first = *verdicts.front();
  std::string text = fmt::format("{} (limit {}): {}", tier_in_words(first.tier),
                                 seconds_in_words(first.allowed_s), outcome(first));
  Statement out{"", {first.by->record->id, "scenario.policy"}};
  for (size_t i = 1; i < verdicts.size(); ++i) {
    text += fmt::format("; {}", outcome(*verdicts[i]));
    out.basis.push_back(verdicts[i]->by->record->id);
  }
  const bool missed =
      std::ranges::any_of(verdicts, [](const PolicyVerdict* verdict) { return !verdict->met; });
  if (missed && first.would_meet != nullptr && !first.met) {
    const double engine_s = view.decision.engine_start.seconds.value_or(0);
    text += fmt::format("; {} would meet it with {}", first.would_meet->record->id,
                        seconds_in_words(first.would_meet->cold_load.median + engine_s));
    out.basis.push_back(first.would_meet->record->id);
  } else if (!first.met) {
    text += "; no measured cold case would meet it";
  }
  if (view.decision.engine_start.seconds) {
    text += fmt::format("; the engine's own start of {} is counted in",
                        seconds_in_words(*view.decision.engine_start.seconds));
    out.basis.push_back(view.decision.engine_start.basis);
  } else {
    text += "; weights only: the engine's own start is not known";
  }
  out.text = std::move(text);
  return out;
}

void add_tiers(const AdviceView& view, std::vector<Statement>& out) {
  const auto& verdicts = view.decision.verdicts;
  if (verdicts.empty()) {
    const bool has_policy = view.document.scenario.contains("policy");
    if (view.decision.home == Home::undecided && has_policy) {
      out.push_back(
          {"what is acceptable: not judged, since no home of the weights is decided", {"scenario.policy"}});
    } else if (!has_policy) {
      out.push_back({"what is acceptable: not judged, since the scenario sets no [policy]", {"scenario"}});
    }
    return;
  }
  for (size_t i = 0; i < verdicts.size();) {
    std::vector<const PolicyVerdict*> of_tier;
    const std::string& tier = verdicts[i].tier;
    for (; i < verdicts.size() && verdicts[i].tier == tier; ++i) of_tier.push_back(&verdicts[i]);
    out.push_back(tier_statement(view, of_tier));
  }
}

Statement prewarming(const AdviceView& view) {
  const Decision& decision = view.decision;
  const json::object* memory = json::object_at(view.document.environment, "memory");
  const std::string model = format_bytes_decimal(json::unsigned_or(view.document.scenario, "model_bytes"));
  if (!decision.fits_memory) {
    const uint64_t total = memory == nullptr ? 0 : json::unsigned_or(*memory, "total_bytes");
    const uint64_t limit = memory == nullptr ? 0 : json::unsigned_or(*memory, "cgroup_limit_bytes", total);
    return {fmt::format("pre-warming: do not; the model's {} do not stay cached in {} of memory", model,
                        format_bytes_decimal(std::min(total, limit))),
            {"environment.memory", "scenario.model_bytes"}};
  }
  if (decision.warm == nullptr) {
    return {"pre-warming: not measured; no warm case of where the weights should live is in this scenario",
            {"cases"}};
  }
  Statement out{"", ids_of({decision.warm, decision.steady})};
  if (decision.prewarm) {
    out.text = fmt::format(
        "pre-warming: worth it where it is done before a start is asked for; a load from a filled page cache "
        "takes {} against {} cold, {} less, and filling it takes one cold read and {} of memory",
        median_in_words(*decision.warm), median_in_words(*decision.steady),
        seconds_in_words(decision.prewarm_saves_s.value_or(0)), model);
    out.basis.push_back("scenario.model_bytes");
  } else {
    out.text = fmt::format("pre-warming: not worth it; a warm load takes {} against {} cold",
                           median_in_words(*decision.warm), median_in_words(*decision.steady));
  }
  return out;
}

}  // namespace

std::vector<Statement> recommendation_of(const AdviceView& view) {
  std::vector<Statement> out = {where(view), when_to_stage(view)};
  add_tiers(view, out);
  out.push_back(prewarming(view));
  return out;
}

}  // namespace coldload
