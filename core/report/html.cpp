#include "core/report/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/units.hpp"
#include "core/report/content_policy.hpp"
#include "core/report/html_charts.hpp"
#include "core/report/html_sections.hpp"
#include "core/report/report_style.hpp"

namespace coldload {
namespace {

using Section = void (*)(Markup&, const ReportView&);
// In the order in which a reader wants them: the answer, what it rests on, what surrounds it, everything.
constexpr std::array<Section, 13> kSections = {
    write_recommendation, write_medians,      write_phases,   write_rates,  write_shards,
    write_break_even,     write_expectations, write_findings, write_policy, write_environment,
    write_bootstrap,      write_reservations, write_all_cases};

void write_head(Markup& out, const std::string& title) {
  const std::string_view style = report_style();
  out.open("head");
  out.empty("meta", {{"charset", "utf-8"}});
  out.empty("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", content_policy(style)}});
  out.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  out.empty("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  out.element("title", title);
  out.open("style");
  out.literal(style);
  out.close();
  out.close();
}

// Which run this is of, for whom, of what.
void write_heading(Markup& out, const ReportView& view) {
  const Report& report = view.report();
  const ResultDocument& document = view.document();
  out.open("header");
  out.open("p", {{"class", "about"}});
  out.element("b", json::text_or(document.scenario, "name", "unnamed"));
  const auto add = [&](std::string_view words, std::string_view what) {
    if (what.empty()) return;
    out.text(" · ");
    out.text(words);
    out.text(what);
  };
  if (!report.client.empty()) add("for ", report.client);
  if (const uint64_t bytes = json::unsigned_or(document.scenario, "model_bytes"); bytes != 0) {
    add("", fmt::format("{} of weights", format_bytes_decimal(bytes)));
  }
  add("begun ", document.started_at);
  add("run ", report.run_id);
  out.close();
  if (!document.finished) {
    out.element("p", {{"class", "warning"}},
                "The run is not finished, what was recorded is below: " + why_unfinished(document) + ".");
  } else if (document.interrupted) {
    out.element("p", {{"class", "warning"}}, "The run was interrupted: what had finished is below.");
  }
  write_answer(out, view);
  out.close();
}

}  // namespace

std::string render_html(const Report& report) {
  const ReportView view(report);
  const std::string name(json::text_or(view.document().scenario, "name", "unnamed"));
  Markup out;
  out.literal("<!DOCTYPE html>");
  out.open("html", {{"lang", "en"}});
  write_head(out, name + ": where the weights should live");
  out.open("body");
  write_heading(out, view);
  out.open("main");
  for (const Section write : kSections) write(out, view);
  out.close();
  out.open("footer");
  out.element("p", fmt::format("coldload {}. Every figure follows from the run's result document.",
                               json::text_or(view.document().program, "version")));
  out.close();
  out.close();
  out.close();
  return out.take() + "\n";
}

}  // namespace coldload
