#include "core/report/layout_note.hpp"

#include <fmt/format.h>

#include "core/analyse/words.hpp"
#include "core/base/text.hpp"
#include "core/base/units.hpp"
#include "core/report/case_numbers.hpp"
#include "core/report/cell_text.hpp"
#include "core/report/layout_note_storage.hpp"
#include "core/report/markdown.hpp"

namespace coldload {
namespace {

class Note {
 public:
  explicit Note(const Report& report) : report_(report), document_(*report.document), numbers_(document_) {}

  std::string write() {
    title();
    storage();
    list("Recommendation", report_.advice.recommendation);
    bootstrap();
    numbered("Three takeaways for production", report_.advice.takeaways);
    cases();
    findings();
    list("What was not measured, not proved, emulated or sampled", report_.advice.reservations);
    repetition();
    return std::move(out_);
  }

 private:
  void line(std::string_view text) { out_ += fmt::format("{}\n", text); }
  void heading(std::string_view text) { out_ += fmt::format("\n## {}\n\n", text); }

  // "Sentence. [1, 3]"
  [[nodiscard]] std::string with_basis(const Statement& statement) const {
    const std::string basis = numbers_.in_brackets(statement.basis);
    return fmt::format("{}{}{}", markdown_text(statement.text), basis.empty() ? "" : " ", escaped(basis));
  }
  // Brackets would begin a link.
  [[nodiscard]] static std::string escaped(const std::string& basis) {
    return basis.empty() ? "" : "\\" + basis.substr(0, basis.size() - 1) + "\\]";
  }

  void title() {
    const std::string_view model = json::text_or(document_.scenario, "model_path");
    line(fmt::format("# Where {} should live{}{}\n", model.empty() ? "the model" : markdown_text(model),
                     report_.client.empty() ? "" : ": ", markdown_text(report_.client)));
    std::string answer;
    for (const Statement& statement : report_.advice.answer) {
      answer += fmt::format("{}**{}** {}", answer.empty() ? "" : " ", markdown_text(statement.text),
                            escaped(numbers_.in_brackets(statement.basis)));
    }
    line(answer);
    const std::string_view kernel = json::text_or(document_.environment, "kernel");
    const json::object* memory = json::object_at(document_.environment, "memory");
    const json::object* cpu = json::object_at(document_.environment, "cpu");
    line(fmt::format(
        "\nMeasured by coldload {} on {}: {}, {} cores, {} of memory; scenario {}, run {}, {} of weights. "
        "Numbers in brackets are the rows of the table of cases, or places in `result.json`.",
        markdown_text(json::text_or(document_.program, "version")), document_.started_at.substr(0, 10),
        markdown_text(kernel), cpu == nullptr ? 0 : json::unsigned_or(*cpu, "online"),
        format_bytes_decimal(memory == nullptr ? 0 : json::unsigned_or(*memory, "total_bytes")),
        markdown_text(json::text_or(document_.scenario, "name")), markdown_text(report_.run_id),
        format_bytes_decimal(json::unsigned_or(document_.scenario, "model_bytes"))));
  }

  void storage() {
    heading("Storage options on this node");
    out_ += storage_of_node(report_);
    line("\nThe fastest proved case of each, in the median of its runs:\n");
    out_ += storage_times_table(report_, numbers_);
  }

  void list(std::string_view name, const std::vector<Statement>& statements) {
    heading(name);
    if (statements.empty()) line("Nothing.");
    for (const Statement& statement : statements) line("- " + with_basis(statement));
  }

  void numbered(std::string_view name, const std::vector<Statement>& statements) {
    heading(name);
    for (size_t i = 0; i < statements.size(); ++i)
      line(fmt::format("{}. {}", i + 1, with_basis(statements[i])));
  }

  void bootstrap() {
    heading("If I owned this node's bootstrap, I would");
    std::string prose;
    const auto& parts = report_.advice.bootstrap;
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string_view joint = i == 0 ? "" : i + 1 == parts.size() ? "; and " : "; ";
      prose += fmt::format("{}{}", joint, with_basis(parts[i]));
    }
    line("… " + prose + ".");
    const bool script = report_.bootstrap.not_possible.empty();
    if (script)
      line(
          "\n`bootstrap.sh` beside this note does exactly that; `bootstrap.sh --dry-run` says what it would "
          "do.");
  }

  void cases() {
    heading("The cases");
    const TimeUnit unit = time_unit_for(report_.cases);
    MarkdownTable table({"no.", "case", "valid runs", fmt::format("median, {}", unit.name),
                         fmt::format("95 % interval, {}", unit.name), "GB/s", "against the baseline",
                         "share of its ceiling", "proof", "note"});
    table.right(0).right(2).right(3).right(4).right(5);
    for (const CaseAnalysis& analysis : report_.cases) table.add(case_row(analysis, unit));
    out_ += table.text();
  }

  [[nodiscard]] std::vector<std::string> case_row(const CaseAnalysis& analysis, const TimeUnit& unit) const {
    const CaseRecord& record = *analysis.record;
    std::vector<std::string> row = {fmt::format("{}", numbers_.of(record.id)), markdown_code(record.id)};
    std::string notes;
    for (const std::string& note : analysis.notes) {
      notes += fmt::format("{}{}", notes.empty() ? "" : "; ", markdown_text(note));
    }
    if (record.status != CaseStatus::ok) {
      const std::string status =
          record.status == CaseStatus::not_measured ? "not measured" : std::string(to_string(record.status));
      row.resize(9);
      row.push_back(fmt::format("{}: {}", status, markdown_text(record.reason)));
      return row;
    }
    for (std::string& cell : std::vector<std::string>{
             runs_cell(analysis), median_cell(analysis, unit), interval_cell(analysis, unit),
             rate_cell(analysis), verdict_cell(analysis), ceiling_cell(analysis), proof_cell(analysis)}) {
      row.push_back(std::move(cell));
    }
    row.push_back(std::move(notes));
    return row;
  }

  void findings() {
    heading("Findings");
    if (report_.findings.empty()) line("None.");
    for (const Finding& finding : report_.findings) {
      std::string text = fmt::format("- {}: {}", to_string(finding.severity), with_basis(finding.what));
      if (!finding.cause.empty()) text += fmt::format(" Cause: {}.", markdown_text(finding.cause));
      if (!finding.advice.empty()) text += fmt::format(" What to do: {}.", markdown_text(finding.advice));
      line(text);
    }
  }

  void repetition() {
    heading("How to repeat it");
    const std::string_view file = json::text_or(document_.scenario, "file");
    line(fmt::format(
        "`coldload run` on the scenario {}, kept word for word in `result.json` (`scenario.text`); "
        "`coldload report` on the run's folder writes this note again from the same numbers.",
        markdown_code(file.empty() ? json::text_or(document_.scenario, "name") : file)));
  }

  const Report& report_;
  const ResultDocument& document_;
  CaseNumbers numbers_;
  std::string out_;
};

}  // namespace

std::string render_layout_note(const Report& report) {
  return Note(report).write();
}

}  // namespace coldload
