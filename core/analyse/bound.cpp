// Which limit a case ran into, as far as what was probed and counted says so.
#include <fmt/format.h>

#include <algorithm>

#include "core/analyse/ceiling.hpp"
#include "core/analyse/finders.hpp"
#include "core/analyse/words.hpp"

namespace coldload {
namespace {

constexpr double kNearCeiling = 0.85;  // of a probe that is short and meets the machine at one moment
constexpr double kNearCores = 0.90;    // of the CPU time that so many cores have
constexpr double kOwnPart = 0.75;      // of the busy cores: the load is its own cause
// The machine's CPU time is counted in ticks of 10 ms, and from before the clock to after it: of a shorter
// load it says nothing, and a share beyond this shows that it did not fit.
constexpr double kClockForTicksMin_ns = 200e6;
constexpr double kShareMax = 1.05;

struct CpuUse {
  double own_cores = 0;             // busy cores of the run's process, mean over the clock
  std::optional<double> all_cores;  // of the whole machine
};

// Of the load alone, in ns.
double median_clock(const CaseView& view) {
  std::vector<double> clocks;
  for (const RunRecord* run : view.runs) clocks.push_back(static_cast<double>(run->load_ns));
  return summarize(clocks, 1).median;
}

std::optional<CpuUse> cpu_of(const CaseView& view) {
  const auto user = median_metric(view, "cpu_user_ns");
  const auto system = median_metric(view, "cpu_system_ns");
  const double clock = median_clock(view);
  if (!user || !system || clock <= 0) return std::nullopt;
  CpuUse use{(*user + *system) / clock, std::nullopt};
  const auto machine = median_metric(view, "cpu_machine_ns");
  if (machine && clock >= kClockForTicksMin_ns) use.all_cores = *machine / clock;
  return use;
}

uint64_t cores_of(const ResultDocument& document) {
  const json::object* cpu = json::object_at(document.environment, "cpu");
  return cpu == nullptr ? 0 : json::unsigned_or(*cpu, "allowed", json::unsigned_or(*cpu, "online"));
}

struct Bound {
  std::string text;
  std::string cause;
  std::string advice;
};

std::optional<Bound> by_cpu(const CaseView& view) {
  const auto use = cpu_of(view);
  if (!use) return std::nullopt;
  const uint64_t cores = cores_of(view.document);
  if (view.record().thread_count == 1 && use->own_cores >= kNearCores) {
    return Bound{fmt::format("bound by one core: its one thread computed for {} of the load",
                             percent_in_words(std::min(use->own_cores, 1.0))),
                 "copying and the kernel's part of reading take CPU time", "more threads, or direct reads"};
  }
  const double busy = use->all_cores.value_or(use->own_cores);
  const auto all = static_cast<double>(cores);
  if (cores == 0 || busy < kNearCores * all || busy > kShareMax * all) return std::nullopt;
  const std::string share = percent_in_words(std::min(busy / all, 1.0));
  if (use->own_cores >= kOwnPart * busy) {
    return Bound{
        fmt::format("bound by the processor: all {} cores were busy for {} of the load", cores, share), "",
        "a strategy that takes less CPU time a byte: direct reads, larger chunks"};
  }
  return Bound{fmt::format("bound by the processor, which others kept busy: {} cores for {} of the load",
                           cores, share),
               "other programs on this machine", "repeat it when the machine is quiet"};
}

std::optional<Bound> by_ceiling(const CaseAnalysis& analysis) {
  if (!analysis.ceiling || analysis.ceiling->share < kNearCeiling) return std::nullopt;
  const std::string_view what = ceiling_in_words(analysis.ceiling->tag);
  return Bound{fmt::format("bound by the {}: {} of what it gave to its probe", what,
                           percent_in_words(analysis.ceiling->share)),
               "", what == "device" ? "only a faster device would shorten it" : ""};
}

// What the probe got with `bytes` under way, or with the next fewer that it tried.
std::optional<double> probed_rate(const CaseView& view, const Ceiling& ceiling, double bytes) {
  std::optional<double> rate;
  const std::string_view device = read_from(view.record(), view.document);
  for (const ProbeRecord& probe : view.document.probes) {
    const json::array* sweep = json::array_at(probe.detail, "sweep");
    const auto block = static_cast<double>(json::unsigned_or(probe.detail, "block_bytes"));
    if (probe.tag != ceiling.tag || sweep == nullptr || block <= 0) continue;
    if (probe.subject != view.record().backend && probe.subject != device) continue;
    for (const json::value& entry : *sweep) {
      if (!entry.is_object()) continue;
      const auto depth = static_cast<double>(json::unsigned_or(entry.get_object(), "depth"));
      const double found = json::number_or(entry.get_object(), "bytes_per_second", 0);
      if (depth <= 1 || depth * block <= bytes) rate = std::max(rate.value_or(0), found);
    }
  }
  return rate;
}

// Far below its ceiling, the processor idle, and as fast as the probe with as little under way: it waits for
// each answer of the storage in turn. How much was under way follows from Little's law.
std::optional<Bound> by_round_trips(const CaseView& view) {
  const CaseAnalysis& analysis = view.analysis;
  const auto latency = median_metric(view, "chunk_latency_p50_ns");
  const auto chunks = median_metric(view, "chunks");
  const double clock = median_clock(view);
  if (!latency || !chunks || *chunks <= 0 || clock <= 0 || !analysis.ceiling) return std::nullopt;
  const double under_way = std::max(*chunks * *latency / clock, 1.0);
  const double bytes = under_way * static_cast<double>(view.record().model_bytes) / *chunks;
  const auto probed = probed_rate(view, *analysis.ceiling, bytes);
  if (!probed) return std::nullopt;
  const std::string share = percent_in_words(analysis.ceiling->share);
  const std::string_view what = ceiling_in_words(analysis.ceiling->tag);
  if (analysis.bytes_per_second < kNearCeiling * *probed) {
    return Bound{
        fmt::format("what bound it is unknown: it reached {} of what the {} gave to its probe, which got "
                    "more with as much under way, and the processor was not busy throughout",
                    share, what),
        "", "repeat it when the machine is quiet"};
  }
  return Bound{
      fmt::format("bound by round trips: {:.0f} in flight × {}; {} of what the {} gave to its probe, which "
                  "got no more with as much under way",
                  under_way, seconds_in_words(*latency * 1e-9), share, what),
      "each request waits for its answer, and too few are under way at once",
      "more threads, more in flight, or larger chunks"};
}

}  // namespace

void find_bound(const CaseView& view, std::vector<Finding>& findings) {
  const CaseAnalysis& analysis = view.analysis;
  if (view.runs.empty() || analysis.touches_only || view.record().synthetic || view.record().external) return;
  if (view.record().cache == "first-start" || view.record().emulated) return;
  std::optional<Bound> bound;
  if (analysis.held_back) {
    bound = Bound{"bound by [run] max_bandwidth: it was as fast as that let it be", "",
                  "without the limit, when the node may"};
  }
  if (!bound) bound = by_ceiling(analysis);
  if (!bound) bound = by_cpu(view);
  if (!bound) bound = by_round_trips(view);
  Finding finding;
  finding.kind = FindingKind::bound;
  if (!bound) {
    const std::string_view why = analysis.ceiling
                                     ? "its probe does not say what it gets with as much under way"
                                     : "nothing that limits it was probed";
    finding.what = {fmt::format("what bound it is unknown: {}", why), {view.record().id}};
  } else {
    finding.what = {bound->text, {view.record().id}};
    finding.cause = bound->cause;
    finding.advice = bound->advice;
  }
  findings.push_back(std::move(finding));
}

}  // namespace coldload
