#include "core/report/table_markdown.hpp"

#include "core/analyse/case_summary.hpp"
#include "core/analyse/expectations.hpp"
#include "core/report/cell_text.hpp"
#include "core/report/grid.hpp"
#include "core/report/markdown.hpp"
#include "core/report/table.hpp"
#include "core/report/table_rows.hpp"

namespace coldload {
namespace {

Grid grid_of(const TableContent& content) {
  Grid grid;
  for (const Heading& heading : content.headings) {
    grid.columns.push_back({heading.upper, heading.lower, heading.right});
  }
  for (const Row& row : content.rows) {
    Grid::Row out{{row.cells.begin(), row.cells.end()}, row.notes};
    out.cells[kCase] = row.id;
    for (std::string& cell : out.cells) {
      if (cell.empty()) cell = kNothing;
    }
    if (!row.instead.empty()) out.notes.insert(out.notes.begin(), row.instead);
    grid.rows.push_back(std::move(out));
  }
  return grid;
}

}  // namespace

std::string table_markdown(const ResultDocument& document) {
  const std::vector<CaseAnalysis> analyses = analyse_cases(document);
  const TableContent content = table_content(document, analyses);
  std::string out = markdown_text(table_title(document)) + "\n\n";
  if (!analyses.empty()) {
    if (content.baseline_per_cache) out += baselines_in_words(content) + "\n\n";
    out += grid_markdown(grid_of(content)) + "\n";
  }
  for (const json::value& expectation : document.expectations) {
    const json::object* entry = expectation.if_object();
    if (entry != nullptr) out += "- " + markdown_text(expectation_in_words(*entry)) + "\n";
  }
  if (!document.expectations.empty()) out += "\n";
  return out + markdown_text(counts_in_words(count_all(analyses))) + "\n";
}

}  // namespace coldload
