// Three sentences for whoever runs such nodes.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "core/analyse/advisers.hpp"
#include "core/analyse/effect.hpp"
#include "core/analyse/storage_times.hpp"
#include "core/analyse/words.hpp"

namespace coldload {
namespace {

constexpr std::string_view kNoneShown = "made no difference that these runs show";

struct Effects {
  Effect storage;  // the best of each backend
  Effect loader;   // of the backend on which strategies were shown to differ most
};

Effects effects_of(const AdviceView& view) {
  const uint64_t bytes = ranked_bytes(view.analyses);
  std::map<std::string_view, std::vector<const CaseAnalysis*>> by_backend;
  for (const CaseAnalysis& analysis : view.analyses) {
    const CaseRecord& record = *analysis.record;
    if (record.cache == "cold" && !record.emulated && is_ranked(analysis, bytes))
      by_backend[record.backend].push_back(&analysis);
  }
  Effects effects;
  std::vector<const CaseAnalysis*> best;
  for (auto& [backend, members] : by_backend) {
    Effect effect = effect_among(view.document, std::move(members));
    best.push_back(effect.fast);
    const bool more = effect.factor() > effects.loader.factor() ||
                      (!effects.loader.shown() && effect.members.size() > effects.loader.members.size());
    if (more) effects.loader = std::move(effect);
  }
  effects.storage = effect_among(view.document, std::move(best));
  return effects;
}

std::vector<std::string> basis_of(const Effect& effect) {
  if (effect.shown()) return ids_of({effect.slow, effect.fast});
  std::vector<std::string> ids;
  for (const CaseAnalysis* member : effect.members) ids.push_back(member->record->id);
  return ids;
}

// "changes a cold load by up to 1.70× (3.4 s against 2.0 s)", or that it was not shown to.
std::string in_words(const Effect& effect) {
  if (!effect.shown()) return std::string(kNoneShown);
  return fmt::format("changes a cold load by up to {} ({} against {})", factor_in_words(effect.factor()),
                     median_in_words(*effect.slow), median_in_words(*effect.fast));
}

std::string both_in_words(const Effect& storage, const Effect& loader) {
  if (!loader.varied()) {
    return fmt::format("where the weights lie {}; how they are read was not varied", in_words(storage));
  }
  if (!storage.shown() && !loader.shown()) {
    return "neither where the weights lie nor how they are read made a difference that these runs show";
  }
  if (!storage.shown()) {
    return fmt::format("how the weights are read {}; where they lie {}", in_words(loader), kNoneShown);
  }
  if (!loader.shown()) {
    return fmt::format("where the weights lie {}; how they are read {}", in_words(storage), kNoneShown);
  }
  const bool storage_first = storage.factor() >= loader.factor();
  return fmt::format(
      "{} matters more than {}: where the weights lie {}, how they are read by up to {} ({} against {})",
      storage_first ? "storage" : "the loader", storage_first ? "the loader" : "storage", in_words(storage),
      factor_in_words(loader.factor()), median_in_words(*loader.slow), median_in_words(*loader.fast));
}

Statement storage_or_loader(const AdviceView& view) {
  const auto [storage, loader] = effects_of(view);
  if (storage.fast == nullptr && view.decision.reason == HomeReason::held_back) {
    return {
        "take no figure of these runs for a cold load of real storage: [run] max_bandwidth held them back",
        {"scenario.run.max_bandwidth"}};
  }
  if (storage.fast == nullptr) {
    return {"take no figure of these runs for a cold load of real storage: none is both proved and real",
            {"cases"}};
  }
  if (!storage.varied() && !loader.varied()) {
    return {
        fmt::format(
            "one cold case of real storage was ranked, with {}: what storage or loader change is not known",
            median_in_words(*storage.fast)),
        ids_of({storage.fast})};
  }
  if (!storage.varied()) {
    return {fmt::format("on the one storage that was ranked, how the weights are read {}", in_words(loader)),
            basis_of(loader)};
  }
  Statement out{both_in_words(storage, loader), basis_of(storage)};
  if (loader.varied()) {
    for (const std::string& id : basis_of(loader)) {
      if (std::ranges::find(out.basis, id) == out.basis.end()) out.basis.push_back(id);
    }
  }
  return out;
}

struct ColdAndWarm {
  const CaseAnalysis* cold;
  const CaseAnalysis* warm;
  [[nodiscard]] double factor() const { return cold->cold_load.median / warm->cold_load.median; }
};

// Pairs that share backend, strategy, its options and destination.
std::vector<ColdAndWarm> cold_and_warm_of(const AdviceView& view) {
  const uint64_t bytes = ranked_bytes(view.analyses);
  std::vector<ColdAndWarm> pairs;
  for (const CaseAnalysis& warm : view.analyses) {
    if (warm.record->cache != "warm" || !is_ranked(warm, bytes)) continue;
    for (const CaseAnalysis& cold : view.analyses) {
      if (cold.record->cache != "cold" || !is_ranked(cold, bytes) || cold.record->emulated) continue;
      const std::string& one = warm.record->id;
      const std::string& other = cold.record->id;
      if (one.substr(0, one.rfind('/')) == other.substr(0, other.rfind('/'))) pairs.push_back({&cold, &warm});
    }
  }
  return pairs;
}

// The pair that a warm cache was shown to change most.
std::optional<ColdAndWarm> widest_shown(const AdviceView& view, const std::vector<ColdAndWarm>& pairs) {
  std::vector<ComparedRuns> runs;
  for (const ColdAndWarm& pair : pairs) {
    runs.push_back({ranked_seconds(view.document, *pair.cold->record),
                    ranked_seconds(view.document, *pair.warm->record)});
  }
  const auto comparisons = compare_pairs(runs, seed_of(view.document));
  std::optional<ColdAndWarm> widest;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (comparisons[i].verdict != Verdict::faster) continue;
    if (!widest || pairs[i].factor() > widest->factor()) widest = pairs[i];
  }
  return widest;
}

Statement cold_or_warm(const AdviceView& view) {
  const auto pairs = cold_and_warm_of(view);
  if (pairs.empty()) {
    return {
        "a start that finds its weights in the page cache was not measured here: do not take a quick restart "
        "for a "
        "cold one",
        {"cases"}};
  }
  const auto widest = widest_shown(view, pairs);
  if (!widest) {
    Statement out{
        "a start that finds its weights in the page cache was not shown to be quicker than a cold one", {}};
    for (const ColdAndWarm& pair : pairs) {
      for (std::string& id : ids_of({pair.warm, pair.cold})) out.basis.push_back(std::move(id));
    }
    return out;
  }
  return {fmt::format("a restart that finds its weights in the page cache takes {} where a cold one takes "
                      "{}: time starts "
                      "after a reboot or on a new node, not after a restart",
                      median_in_words(*widest->warm), median_in_words(*widest->cold)),
          ids_of({widest->warm, widest->cold})};
}

Statement how_sure(const AdviceView& view) {
  const CaseAnalysis* steady = view.decision.steady;
  if (steady == nullptr) {
    size_t unproved = 0;
    for (const CaseAnalysis& analysis : view.analyses) {
      unproved += analysis.unprovable_count + analysis.unproved_count;
    }
    return {
        fmt::format("a load time without proof of its cache state is no evidence: {} of this kind stand here",
                    counted(unproved, "run")),
        {"runs"}};
  }
  const Summary& all = steady->cold_load;
  return {
      fmt::format(
          "plan with the slow start, not the median: of {} the slowest took {}, {} above the median of {}",
          counted(all.count, "run"), seconds_in_words(all.max), percent_in_words(all.max / all.median - 1),
          seconds_in_words(all.median)),
      ids_of({steady})};
}

}  // namespace

std::vector<Statement> takeaways_of(const AdviceView& view) {
  return {storage_or_loader(view), cold_or_warm(view), how_sure(view)};
}

}  // namespace coldload
