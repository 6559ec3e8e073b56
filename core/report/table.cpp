#include "core/report/table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/analyse/expectations.hpp"
#include "core/base/text.hpp"
#include "core/base/units.hpp"
#include "core/report/cell_text.hpp"
#include "core/report/table_layout.hpp"

namespace coldload {
namespace {

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kPlain = "\x1b[0m";

class TableWriter {
 public:
  TableWriter(const TableContent& content, const TableOptions& options)
      : content_(content), options_(options), layout_(layout_for(content, options.width)) {}

  std::string write() {
    if (!layout_.full_ids && !content_.shared.in_words().empty()) {
      add_paragraph(content_.shared.in_words(), 0, "");
    }
    if (content_.baseline_per_cache) add_paragraph(baselines_in_words(content_), 0, "");
    add_headings();
    for (const Row& row : content_.rows) add_row(row);
    return std::move(out_);
  }

 private:
  void add_headings() {
    std::string upper;
    std::string lower;
    for (size_t column = 0; column < layout_.columns_in_row; ++column) {
      const Heading& heading = content_.headings[column];
      add_cell(upper, column, heading.upper, heading.right);
      add_cell(lower, column, heading.lower, heading.right);
    }
    if (layout_.notes_beside) add_cell(lower, kColumnCount, "note", false);
    add_line(upper, kBold);
    add_line(lower, kBold);
  }

  void add_row(const Row& row) {
    const std::string& name = layout_.full_ids ? row.id : row.name;
    if (layout_.case_above) add_line(name, "");
    if (!row.instead.empty()) {
      add_instead(row, name);
      return;
    }
    std::string line;
    std::string second;
    for (size_t column = 0; column < layout_.columns_in_row; ++column) {
      std::string_view text = row.cells[column];
      if (column == kCase) text = layout_.case_above ? std::string_view() : name;
      std::string_view below;
      if (column == kVerdict && layout_.verdict_broken) {
        const BrokenVerdict broken = broken_verdict(text);
        text = broken.upper;
        below = broken.lower;
      }
      add_cell(line, column, text, content_.headings[column].right);
      add_cell(second, column, below, false);
    }
    if (layout_.notes_beside) add_cell(line, kColumnCount, joined_notes(row), false);
    add_line(line, "");
    if (!trimmed(second).empty()) add_line(second, "");
    add_below(row);
  }

  // The status and reason where the figures would be, from the second column on.
  void add_instead(const Row& row, const std::string& name) {
    const std::string_view color = row.status == CaseStatus::failed ? kRed : kYellow;
    const size_t start = std::max(layout_.widths[kCase], columns_of(name)) + kGap;
    std::string text = row.instead;
    if (!row.notes.empty()) text += "; " + joined_notes(row);
    // A reason squeezed beside long names is hard to read: then it goes below.
    const bool beside =
        options_.width == 0 || start + std::min(columns_of(text), kReasonColumnsMin) <= options_.width;
    if (layout_.case_above || !beside) {
      if (!layout_.case_above) add_line(name, "");
      add_paragraph(text, kIndent, color);
      return;
    }
    std::string first = name;
    first.append(start - columns_of(name), ' ');
    const auto lines = wrapped(text, options_.width == 0 ? std::string::npos : options_.width - start);
    add_line(first + colored(lines.front(), color), "");
    for (size_t i = 1; i < lines.size(); ++i) {
      add_line(std::string(start, ' ') + colored(lines[i], color), "");
    }
  }

  // The columns that did not fit the row, each with what its heading would have said, then the notes.
  void add_below(const Row& row) {
    std::string moved;
    for (size_t column = layout_.columns_in_row; column < kColumnCount; ++column) {
      if (row.cells[column] == kNothing) continue;
      if (!moved.empty()) moved += " · ";
      if (column == kCeiling && row.cells[column] == "unknown") moved += "ceiling ";
      if (column == kProof) moved += "proof ";
      moved += row.cells[column];
    }
    if (!moved.empty()) add_paragraph(moved, kIndent, "");
    if (layout_.notes_beside) return;
    for (const std::string& note : row.notes) add_paragraph(note, kIndent, kDim);
  }

  void add_cell(std::string& line, size_t column, std::string_view text, bool right) const {
    if (column != 0) line.append(kGap, ' ');
    const size_t width = column < kColumnCount ? layout_.widths[column] : 0;
    const size_t taken = columns_of(text);
    const std::string padding(width > taken ? width - taken : 0, ' ');
    line += right ? padding + std::string(text) : std::string(text) + padding;
  }

  void add_paragraph(std::string_view text, size_t indent, std::string_view color) {
    const size_t room = options_.width == 0                           ? std::string::npos
                        : options_.width > indent + kReasonColumnsMin ? options_.width - indent
                                                                      : kReasonColumnsMin;
    for (const std::string& line : wrapped(text, room)) {
      add_line(std::string(indent, ' ') + colored(line, color), "");
    }
  }

  [[nodiscard]] std::string colored(std::string_view text, std::string_view color) const {
    if (!options_.color || color.empty()) return std::string(text);
    return fmt::format("{}{}{}", color, text, kPlain);
  }

  static std::string_view trimmed(std::string_view line) {
    const size_t last = line.find_last_not_of(' ');
    return last == std::string_view::npos ? std::string_view() : line.substr(0, last + 1);
  }

  void add_line(std::string_view line, std::string_view color) {
    out_ += colored(trimmed(line), color) + "\n";
  }

  static constexpr size_t kReasonColumnsMin = 24;

  const TableContent& content_;
  const TableOptions& options_;
  Layout layout_;
  std::string out_;
};

uint64_t model_bytes(const ResultDocument& document) {
  uint64_t most = 0;
  for (const CaseRecord& record : document.cases) most = std::max(most, record.model_bytes);
  return most;
}

void append_paragraph(std::string& out, std::string_view text, size_t width) {
  for (const std::string& line : wrapped(text, width == 0 ? std::string::npos : width)) out += line + "\n";
}

}  // namespace

std::string table_title(const ResultDocument& document) {
  std::string name = printable(json::text_or(document.scenario, "name", "unnamed"));
  if (const uint64_t bytes = model_bytes(document); bytes != 0) {
    name += fmt::format(": {} of weights", format_bytes_decimal(bytes));
  }
  if (!document.finished) {
    return fmt::format("{}; not finished, what was recorded is below: {}", name, why_unfinished(document));
  }
  return document.interrupted ? name + "; interrupted, what had finished is below" : name;
}

std::string counts_in_words(const Counts& counts) {
  return fmt::format(
      "cases: {} ok, {} skipped, {} failed, {} not measured; runs: {} valid, {} unprovable, {} without "
      "proof, {} disturbed",
      counts.cases_ok, counts.cases_skipped, counts.cases_failed, counts.cases_not_measured,
      counts.runs_valid, counts.runs_unprovable, counts.runs_unproved, counts.runs_disturbed);
}

std::string render_table(const ResultDocument& document, const TableOptions& options) {
  const std::vector<CaseAnalysis> analyses = analyse_cases(document);
  std::string out;
  append_paragraph(out, table_title(document), options.width);
  if (!analyses.empty()) {
    out += TableWriter(table_content(document, analyses), options).write();
  }
  out += "\n";
  for (const json::value& expectation : document.expectations) {
    if (const json::object* entry = expectation.if_object()) {
      append_paragraph(out, printable(expectation_in_words(*entry)), options.width);
    }
  }
  append_paragraph(out, counts_in_words(count_all(analyses)), options.width);
  return out;
}

}  // namespace coldload
