// Three sentences for whoever runs such nodes.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/analyse/advisers.hpp"
#include "core/analyse/storage_times.hpp"
#include "core/analyse/words.hpp"

namespace coldload {
namespace {

// The fastest and the slowest ranked case of something.
struct Range {
  const CaseAnalysis* fast = nullptr;
  const CaseAnalysis* slow = nullptr;

  void add(const CaseAnalysis& analysis) {
    if (fast == nullptr || analysis.cold_load.median < fast->cold_load.median) fast = &analysis;
    if (slow == nullptr || analysis.cold_load.median > slow->cold_load.median) slow = &analysis;
  }
  [[nodiscard]] double factor() const {
    return fast == nullptr ? 1 : slow->cold_load.median / fast->cold_load.median;
  }
};

struct Effects {
  Range storage;  // the best of each backend
  Range loader;   // of the backend on which strategies differ most
};

Effects effects_of(const AdviceView& view) {
  const uint64_t bytes = ranked_bytes(view.analyses);
  std::map<std::string_view, Range> by_backend;
  for (const CaseAnalysis& analysis : view.analyses) {
    const CaseRecord& record = *analysis.record;
    if (record.cache == "cold" && !record.emulated && is_ranked(analysis, bytes))
      by_backend[record.backend].add(analysis);
  }
  Effects effects;
  for (const auto& [backend, range] : by_backend) {
    effects.storage.add(*range.fast);
    if (effects.loader.fast == nullptr || range.factor() > effects.loader.factor()) effects.loader = range;
  }
  return effects;
}

Statement storage_or_loader(const AdviceView& view) {
  const Effects effects = effects_of(view);
  if (effects.storage.fast == nullptr) {
    return {"take no figure of these runs for a cold load of real storage: none is both proved and real",
            {"cases"}};
  }
  const Range& storage = effects.storage;
  const Range& loader = effects.loader;
  if (storage.fast == storage.slow && loader.fast == loader.slow) {
    return {
        fmt::format(
            "one cold case of real storage was ranked, with {}: what storage or loader change is not known",
            median_in_words(*storage.fast)),
        ids_of({storage.fast})};
  }
  if (storage.fast == storage.slow) {
    return {
        fmt::format(
            "how the weights are read changes a cold load by up to {} on the one storage that was ranked "
            "({} against {})",
            factor_in_words(loader.factor()), median_in_words(*loader.slow), median_in_words(*loader.fast)),
        ids_of({loader.slow, loader.fast})};
  }
  const std::string where = fmt::format(
      "where the weights lie changes a cold load by up to {} ({} against {})",
      factor_in_words(storage.factor()), median_in_words(*storage.slow), median_in_words(*storage.fast));
  if (loader.fast == loader.slow) {
    return {where + "; how they are read was not varied", ids_of({storage.slow, storage.fast})};
  }
  const bool storage_first = storage.factor() >= loader.factor();
  return {fmt::format("{} matters more than {}: {}, how they are read by up to {} ({} against {})",
                      storage_first ? "storage" : "the loader", storage_first ? "the loader" : "storage",
                      where, factor_in_words(loader.factor()), median_in_words(*loader.slow),
                      median_in_words(*loader.fast)),
          ids_of({storage.slow, storage.fast, loader.slow, loader.fast})};
}

// The pair of one backend, strategy and destination that a warm cache changes most.
Statement cold_or_warm(const AdviceView& view) {
  const uint64_t bytes = ranked_bytes(view.analyses);
  Range widest;
  for (const CaseAnalysis& warm : view.analyses) {
    if (warm.record->cache != "warm" || !is_ranked(warm, bytes)) continue;
    for (const CaseAnalysis& cold : view.analyses) {
      if (cold.record->cache != "cold" || !is_ranked(cold, bytes) || cold.record->emulated) continue;
      const CaseRecord& one = *warm.record;
      const CaseRecord& other = *cold.record;
      const bool same = one.backend == other.backend && one.strategy == other.strategy &&
                        one.destination == other.destination &&
                        one.id.substr(0, one.id.rfind('/')) == other.id.substr(0, other.id.rfind('/'));
      const double factor = cold.cold_load.median / warm.cold_load.median;
      if (same && (widest.fast == nullptr || factor > widest.factor())) widest = {&warm, &cold};
    }
  }
  if (widest.fast == nullptr) {
    return {
        "a start that finds its weights in the page cache was not measured here: do not take a quick restart "
        "for a "
        "cold one",
        {"cases"}};
  }
  return {fmt::format("a restart that finds its weights in the page cache takes {} where a cold one takes "
                      "{}: time starts "
                      "after a reboot or on a new node, not after a restart",
                      median_in_words(*widest.fast), median_in_words(*widest.slow)),
          ids_of({widest.fast, widest.slow})};
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
