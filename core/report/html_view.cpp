#include "core/report/html_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace coldload {
namespace {

constexpr std::array<std::string_view, 4> kCacheOrder = {"cold", "first-start", "warm", "as-is"};

size_t rank_of_cache(std::string_view cache) {
  return static_cast<size_t>(std::ranges::find(kCacheOrder, cache) - kCacheOrder.begin());
}

bool is_before(const CaseAnalysis* left, const CaseAnalysis* right) {
  if (left->touches_only != right->touches_only) return right->touches_only;
  if (left->cold_load.median != right->cold_load.median) {
    return left->cold_load.median < right->cold_load.median;
  }
  return left < right;  // of one vector: in the document's order
}

TimeUnit unit_for(const std::vector<const CaseAnalysis*>& cases) {
  std::vector<CaseAnalysis> copies;
  for (const CaseAnalysis* analysis : cases) copies.push_back(*analysis);
  return time_unit_for(copies);
}

}  // namespace

std::string CaseGroup::heading() const {
  if (cache == "cold") return "Cold: nothing of it in this machine's page cache";
  if (cache == "first-start") return "First start: the copy included";
  if (cache == "warm") return "Warm: all of it in the page cache";
  if (cache == "as-is") return "As is: caches as they were";
  return cache;
}

ReportView::ReportView(const Report& report) : report_(report), shared_(shared_parts(document().cases)) {
  // A report is of many backends; of one alone its name still says where the weights lie.
  shared_.backend.clear();
  make_groups();
}

void ReportView::make_groups() {
  for (const CaseAnalysis& analysis : report_.cases) {
    if (analysis.record->status != CaseStatus::ok || analysis.valid_count == 0) continue;
    auto found = std::ranges::find(groups_, analysis.record->cache, &CaseGroup::cache);
    if (found == groups_.end()) {
      groups_.push_back({analysis.record->cache, {}, {}});
      found = groups_.end() - 1;
    }
    found->cases.push_back(&analysis);
  }
  std::ranges::sort(groups_, {}, [](const CaseGroup& group) {
    return std::pair(rank_of_cache(group.cache), std::string_view(group.cache));
  });
  for (CaseGroup& group : groups_) {
    std::ranges::sort(group.cases, is_before);
    group.unit = unit_for(group.cases);
  }
}

const CaseAnalysis* ReportView::find(std::string_view case_id) const {
  const auto found = std::ranges::find_if(
      report_.cases, [&](const CaseAnalysis& analysis) { return analysis.record->id == case_id; });
  return found == report_.cases.end() ? nullptr : &*found;
}

TimeUnit ReportView::unit_of(const CaseAnalysis& analysis) const {
  const auto group = std::ranges::find(groups_, analysis.record->cache, &CaseGroup::cache);
  return group == groups_.end() ? TimeUnit{} : group->unit;
}

std::string ReportView::time(const CaseAnalysis& analysis, double seconds) const {
  const TimeUnit unit = unit_of(analysis);
  return fmt::format("{} {}", unit(seconds), unit.name);
}

std::vector<RunTime> ReportView::runs_of(const CaseAnalysis& analysis) const {
  std::vector<RunTime> times;
  const bool first_start = analysis.record->cache == "first-start";
  for (const RunRecord& run : document().runs) {
    if (run.case_id != analysis.record->id || run.repetition == 0 || run.status != RunStatus::ok) continue;
    const uint64_t ns = first_start ? run.first_start_ns : run.cold_load_ns;
    times.push_back({&run, static_cast<double>(ns) * 1e-9, run.proof.valid});
  }
  return times;
}

const RunRecord* ReportView::median_run(const CaseAnalysis& analysis) const {
  const RunRecord* nearest = nullptr;
  double distance = 0;
  for (const RunTime& time : runs_of(analysis)) {
    const double off = std::abs(time.seconds - analysis.cold_load.median);
    if (!time.counts || (nearest != nullptr && off >= distance)) continue;
    nearest = time.run;
    distance = off;
  }
  return nearest;
}

std::string_view ReportView::ink(const CaseAnalysis& analysis) const {
  const BackendRecord* backend = document().backend(analysis.record->backend);
  if (backend == nullptr) return "other";
  if (is_network(backend->storage)) return "network";
  switch (backend->storage) {
    case StorageKind::local_disk:
      return "disk";
    case StorageKind::staged:
      return "staged";
    default:
      return "other";
  }
}

std::string ReportView::shape_class(const CaseAnalysis& analysis) const {
  return std::string(ink(analysis)) + (analysis.record->emulated ? " emulated" : "");
}

std::string ReportView::storage(const CaseAnalysis& analysis) const {
  const BackendRecord* backend = document().backend(analysis.record->backend);
  if (backend == nullptr || backend->storage == StorageKind::unknown) return {};
  return std::string(in_words(backend->storage));
}

std::string ReportView::anchor_of(std::string_view basis) const {
  for (size_t i = 0; i < report_.cases.size(); ++i) {
    if (report_.cases[i].record->id == basis) return fmt::format("case-{}", i + 1);
  }
  if (basis.starts_with("scenario.policy")) return "policy";
  if (basis.starts_with("probes")) return "probes";
  if (basis.starts_with("expectations")) return "expectations";
  if (basis == "cases") return "cases";
  if (basis.starts_with("environment") || basis.starts_with("scenario")) return "environment";
  return {};
}

std::string ReportView::name_in_group(const CaseRecord& record) const {
  std::string name = short_name(record, shared_);
  const std::string cache = "/" + record.cache;
  if (name.ends_with(cache)) name.resize(name.size() - cache.size());
  return name;
}

void ReportView::write_case_link(Markup& out, std::string_view case_id) const {
  const std::string anchor = anchor_of(case_id);
  if (anchor.empty()) {
    out.open("span", {{"class", "id"}});
  } else {
    out.open("a", {{"class", "id"}, {"href", "#" + anchor}});
  }
  out.breakable(case_id);
  out.close();
}

void ReportView::write_marks(Markup& out, const CaseAnalysis& analysis) const {
  const CaseRecord& record = *analysis.record;
  const auto mark = [&](bool holds, std::string_view mark_class, std::string_view word) {
    if (!holds) return;
    out.text(" ");
    out.element("b", {{"class", mark_class}}, word);
  };
  mark(report_.decision.steady == &analysis, "mark chosen", "recommended");
  mark(record.emulated, "mark", "emulated");
  mark(record.synthetic, "mark", "synthetic");
  mark(record.sampled, "mark", "sampled");
  mark(record.external, "mark", "external");
  mark(analysis.touches_only, "mark", "touches only");
}

void ReportView::write_case_label(Markup& out, const CaseAnalysis& analysis) const {
  const CaseRecord& record = *analysis.record;
  out.open("a", {{"class", "id"}, {"href", "#" + anchor_of(record.id)}, {"title", record.id}});
  out.breakable(name_in_group(record));
  out.close();
  if (const std::string kind = storage(analysis); !kind.empty()) {
    out.text(" ");
    out.element("small", kind);
  }
  write_marks(out, analysis);
}

void ReportView::write_basis(Markup& out, const std::vector<std::string>& basis) const {
  if (basis.empty()) return;
  out.text(" ");
  out.open("small", {{"class", "basis"}});
  for (size_t i = 0; i < basis.size(); ++i) {
    if (i != 0) out.text(" · ");
    write_case_link(out, basis[i]);
  }
  out.close();
}

void ReportView::write_statement(Markup& out, std::string_view element, const Statement& statement) const {
  out.open(element);
  out.text(statement.text);
  write_basis(out, statement.basis);
  out.close();
}

}  // namespace coldload
