#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ranges>

#include "core/base/units.hpp"
#include "core/report/html_charts.hpp"
#include "core/report/svg.hpp"

namespace coldload {
namespace {

// Beyond these a drawing has lines thinner than a pixel, and a table that nobody reads.
constexpr size_t kShardsMax = 200;
constexpr double kHeightAbout = 260;

struct Shard {
  std::string_view name;
  uint64_t size_bytes = 0;
  double first_s = 0;
  double last_s = 0;
};

struct ShardedRun {
  const CaseAnalysis* analysis = nullptr;
  const RunRecord* run = nullptr;
  std::vector<Shard> shards;  // those whose times are known

  [[nodiscard]] double last_s() const {
    double last = 0;
    for (const Shard& shard : shards) last = std::max(last, shard.last_s);
    return last;
  }
};

std::optional<ShardedRun> sharded_run(const ReportView& view, const CaseAnalysis* analysis) {
  if (analysis == nullptr) return std::nullopt;
  const RunRecord* run = view.median_run(*analysis);
  if (run == nullptr) return std::nullopt;
  ShardedRun sharded{analysis, run, {}};
  for (const ObjectRecord& object : run->objects) {
    if (!object.first_ns || !object.last_ns) continue;
    sharded.shards.push_back({object.name, object.size_bytes, static_cast<double>(*object.first_ns) * 1e-9,
                              static_cast<double>(*object.last_ns) * 1e-9});
  }
  if (sharded.shards.empty()) return std::nullopt;
  return sharded;
}

// The slowest of what was measured in the same cache state as `chosen`, emulated or not.
const CaseAnalysis* slowest_beside(const ReportView& view, const CaseAnalysis& chosen) {
  for (const CaseGroup& group : view.groups()) {
    if (group.cache != chosen.record->cache) continue;
    for (const CaseAnalysis* analysis : group.cases | std::views::reverse) {
      if (analysis != &chosen && !analysis->touches_only) return analysis;
    }
  }
  return nullptr;
}

// The recommended case, or the fastest cold one; and the best of the other kind of storage, or the slowest.
std::vector<ShardedRun> runs_to_show(const ReportView& view) {
  const Decision& decision = view.report().decision;
  const CaseAnalysis* chosen = decision.steady;
  if (chosen == nullptr && !view.groups().empty()) chosen = view.groups().front().cases.front();
  if (chosen == nullptr) return {};
  const CaseAnalysis* other = decision.home == Home::network ? decision.disk.cold : decision.network.cold;
  if (other == nullptr || other == chosen) other = slowest_beside(view, *chosen);
  std::vector<ShardedRun> shown;
  for (const CaseAnalysis* analysis : {chosen, other}) {
    if (auto run = sharded_run(view, analysis)) shown.push_back(std::move(*run));
  }
  return shown;
}

void draw(Markup& out, const ReportView& view, const ShardedRun& sharded, const Scale& scale) {
  const size_t count = std::min(sharded.shards.size(), kShardsMax);
  const double row = std::clamp(kHeightAbout / static_cast<double>(count), 2.0, 14.0);
  const double gap = row > 5 ? 2 : 0.5;
  write_axis(out, scale);
  Svg svg(out, row * static_cast<double>(count) + 2,
          fmt::format("{}: when each shard came", sharded.analysis->record->id),
          "a bar a shard, from its first byte to its last; the figures are in the table below");
  svg.grid(scale);
  for (size_t i = 0; i < count; ++i) {
    const Shard& shard = sharded.shards[i];
    const double top = 1 + row * static_cast<double>(i);
    double from = scale(shard.first_s);
    // A shard that came at once is still to be seen.
    constexpr double kLeast = 0.4;
    const double to = std::max(scale(shard.last_s), from + kLeast);
    from = std::min(from, 100 - kLeast);
    svg.bar({from, to}, {top, top + row - gap}, view.shape_class(*sharded.analysis));
  }
}

void write_figures(Markup& out, const ShardedRun& sharded) {
  out.open("details");
  out.element("summary", "The figures");
  out.open("table", {{"class", "plain"}});
  out.open("thead");
  out.open("tr");
  out.element("th", {{"scope", "col"}}, "shard");
  for (const char* heading : {"bytes", "first, s", "last, s"}) {
    out.element("th", {{"scope", "col"}, {"class", "number"}}, heading);
  }
  out.close();
  out.close();
  out.open("tbody");
  const size_t count = std::min(sharded.shards.size(), kShardsMax);
  for (size_t i = 0; i < count; ++i) {
    const Shard& shard = sharded.shards[i];
    out.open("tr");
    out.open("th", {{"scope", "row"}});
    out.breakable(shard.name);
    out.close();
    out.element("td", {{"class", "number"}}, format_bytes_decimal(shard.size_bytes));
    for (const double seconds : {shard.first_s, shard.last_s}) {
      out.element("td", {{"class", "number"}}, fmt::format("{:.3f}", seconds));
    }
    out.close();
  }
  out.close();
  out.close();
  out.close();
}

void write_figure(Markup& out, const ReportView& view, const ShardedRun& sharded, const Scale& scale) {
  out.open("figure");
  out.open("figcaption");
  view.write_case_link(out, sharded.analysis->record->id);
  view.write_marks(out, *sharded.analysis);
  const size_t count = sharded.shards.size();
  out.text(fmt::format(" Run {}: {} shard{}, the last byte after {:.3f} s.", sharded.run->repetition, count,
                       count == 1 ? "" : "s", sharded.last_s()));
  if (count > kShardsMax) out.text(fmt::format(" The first {} are shown.", kShardsMax));
  out.close();
  draw(out, view, sharded, scale);
  write_figures(out, sharded);
  out.close();
}

}  // namespace

void write_shards(Markup& out, const ReportView& view) {
  const std::vector<ShardedRun> shown = runs_to_show(view);
  if (shown.empty()) return;
  double last_s = 0;
  for (const ShardedRun& sharded : shown) last_s = std::max(last_s, sharded.last_s());
  const Scale scale(last_s);
  out.open("section", {{"id", "shards"}});
  out.element("h2", "When each shard came");
  out.element("p",
              "Of the run nearest to the median: from a shard's first byte to its last, in seconds since the "
              "clock started, in the order of their names from top to bottom. Both have the same scale.");
  out.open("div", {{"class", "pair"}});
  for (const ShardedRun& sharded : shown) write_figure(out, view, sharded, scale);
  out.close();
  out.close();
}

}  // namespace coldload
