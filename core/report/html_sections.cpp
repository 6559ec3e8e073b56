#include "core/report/html_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/analyse/words.hpp"
#include "core/base/units.hpp"
#include "core/report/html_table.hpp"

namespace coldload {
namespace {

void write_list(Markup& out, const ReportView& view, const std::vector<Statement>& statements) {
  out.open("ul");
  for (const Statement& statement : statements) view.write_statement(out, "li", statement);
  out.close();
}

// Of all of them, each once.
std::vector<std::string> basis_of(const std::vector<Statement>& statements) {
  std::vector<std::string> basis;
  for (const Statement& statement : statements) {
    for (const std::string& part : statement.basis) {
      if (std::ranges::find(basis, part) == basis.end()) basis.push_back(part);
    }
  }
  return basis;
}

void open_section(Markup& out, std::string_view id, std::string_view heading) {
  out.open("section", {{"id", id}});
  out.element("h2", heading);
}

// A sign that is read without its colour, and the word.
void write_verdict(Markup& out, bool good, std::string_view word) {
  out.open("b", {{"class", good ? "verdict good" : "verdict bad"}});
  out.text(good ? "✓ " : "✗ ");
  out.text(word);
  out.close();
}

// A shape beside the word: weights are told apart without their colour.
std::string in_words(Severity severity) {
  const std::string_view shape = severity == Severity::problem   ? "▲"
                                 : severity == Severity::caution ? "◆"
                                                                 : "●";
  return fmt::format("{} {}", shape, to_string(severity));
}

std::string tier_in_words(std::string_view tier) {
  if (tier == "user_facing") return "user-facing";
  if (tier == "dev_test") return "dev and test";
  return std::string(tier);
}

std::string value_in_words(std::string_view metric, double value) {
  return metric == "throughput" ? format_rate(value) : seconds_in_words(value * 1e-9);
}

void write_finding(Markup& out, HtmlTable& table, const ReportView& view, const Finding& finding) {
  table.begin_row("", finding.severity == Severity::problem ? "grave" : "");
  table.cell(in_words(finding.severity));
  table.open_cell();
  out.text(finding.what.text);
  view.write_basis(out, finding.what.basis);
  table.close_cell();
  table.cell(finding.cause.empty() ? kNothing : finding.cause);
  table.cell(finding.advice.empty() ? kNothing : finding.advice);
  table.end_row();
}

void write_verdict_row(Markup& out, HtmlTable& table, const ReportView& view, const PolicyVerdict& verdict) {
  table.begin_row();
  table.cell(tier_in_words(verdict.tier));
  table.cell(verdict.first_start ? "first start" : "restart");
  table.cell(seconds_in_words(verdict.allowed_s));
  table.cell(seconds_in_words(verdict.ready_s));
  table.open_cell();
  const double off = std::abs(verdict.allowed_s - verdict.ready_s);
  write_verdict(out, verdict.met,
                fmt::format("{} by {}", verdict.met ? "met" : "missed", seconds_in_words(off)));
  table.close_cell();
  table.open_cell();
  if (verdict.by != nullptr) view.write_case_link(out, verdict.by->record->id);
  table.close_cell();
  table.open_cell();
  if (verdict.would_meet != nullptr) {
    view.write_case_link(out, verdict.would_meet->record->id);
  } else {
    out.text(verdict.met ? kNothing : "no measured case");
  }
  table.close_cell();
  table.end_row();
}

std::string engine_start_in_words(const EngineStart& engine) {
  if (!engine.seconds) return "Weights only: how long the engine takes beside them is not known.";
  std::string text = fmt::format("Time to ready is the load of the weights and {} of engine start",
                                 seconds_in_words(*engine.seconds));
  if (engine.weights_share)
    text += fmt::format("; the weights are {:.0f} % of it", *engine.weights_share * 100);
  return text + ".";
}

}  // namespace

void write_answer(Markup& out, const ReportView& view) {
  const auto& answer = view.report().advice.answer;
  if (answer.empty()) {
    out.element("h1", "Nothing was measured that would tell where the weights should live.");
    return;
  }
  out.element("h1", answer.front().text);
  out.open("p", {{"class", "lead"}});
  for (size_t i = 1; i < answer.size(); ++i) out.text(answer[i].text + " ");
  view.write_basis(out, basis_of(answer));
  out.close();
}

void write_recommendation(Markup& out, const ReportView& view) {
  const auto& recommendation = view.report().advice.recommendation;
  if (recommendation.empty()) return;
  open_section(out, "recommendation", "Recommendation");
  write_list(out, view, recommendation);
  out.close();
}

void write_expectations(Markup& out, const ReportView& view) {
  const json::array& expectations = view.document().expectations;
  if (expectations.empty()) return;
  open_section(out, "expectations", "Expectations");
  constexpr std::array<HtmlColumn, 5> kColumns = {
      {{"case"}, {"metric"}, {"expected"}, {"measured"}, {"outcome"}}};
  HtmlTable table(out, kColumns);
  for (const json::value& expectation : expectations) {
    const json::object* entry = expectation.if_object();
    if (entry == nullptr) continue;
    const std::string_view metric = json::text_or(*entry, "metric");
    table.begin_row();
    table.open_cell();
    view.write_case_link(out, json::text_or(*entry, "case"));
    table.close_cell();
    table.cell(metric);
    table.cell(json::text_or(*entry, "expected"));
    const bool measured = entry->contains("measured");
    table.cell(measured ? value_in_words(metric, json::number_or(*entry, "measured"))
                        : fmt::format("not measured: {}", json::text_or(*entry, "reason")));
    table.open_cell();
    const bool kept = json::bool_or(*entry, "kept");
    write_verdict(out, kept, kept ? "kept" : "broken");
    table.close_cell();
    table.end_row();
  }
  out.close();
}

void write_findings(Markup& out, const ReportView& view) {
  const auto& findings = view.report().findings;
  if (findings.empty()) return;
  open_section(out, "findings", "Findings");
  constexpr std::array<HtmlColumn, 4> kColumns = {{{"weight"}, {"what"}, {"cause"}, {"what to do"}}};
  HtmlTable table(out, kColumns);
  for (const Finding& finding : findings) write_finding(out, table, view, finding);
  out.close();
}

void write_policy(Markup& out, const ReportView& view) {
  const Decision& decision = view.report().decision;
  if (decision.verdicts.empty()) return;
  open_section(out, "policy", "Policy");
  out.open("p");
  out.text(engine_start_in_words(decision.engine_start));
  if (!decision.engine_start.basis.empty()) view.write_basis(out, {decision.engine_start.basis});
  out.close();
  constexpr std::array<HtmlColumn, 7> kColumns = {{{"service"},
                                                   {"at a"},
                                                   {"allowed", true},
                                                   {"ready after", true},
                                                   {"verdict"},
                                                   {"judged on"},
                                                   {"would meet it"}}};
  HtmlTable table(out, kColumns);
  for (const PolicyVerdict& verdict : decision.verdicts) write_verdict_row(out, table, view, verdict);
  out.close();
}

// Parts of one sentence, in the order of the script; what each rests on is named once, after all.
void write_bootstrap(Markup& out, const ReportView& view) {
  const Advice& advice = view.report().advice;
  if (!advice.bootstrap.empty()) {
    open_section(out, "bootstrap", "Bootstrap");
    out.open("p");
    out.text("If I owned this node's bootstrap, I would ");
    for (size_t i = 0; i < advice.bootstrap.size(); ++i) {
      if (i != 0) out.text(i + 1 == advice.bootstrap.size() ? "; and " : "; ");
      out.text(advice.bootstrap[i].text);
    }
    out.text(".");
    view.write_basis(out, basis_of(advice.bootstrap));
    out.close();
    out.close();
  }
  if (!advice.takeaways.empty()) {
    open_section(out, "takeaways", "For production");
    write_list(out, view, advice.takeaways);
    out.close();
  }
}

void write_reservations(Markup& out, const ReportView& view) {
  const auto& reservations = view.report().advice.reservations;
  if (reservations.empty()) return;
  open_section(out, "reservations", "What was not measured");
  write_list(out, view, reservations);
  out.close();
}

}  // namespace coldload
