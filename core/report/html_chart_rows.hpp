// A chart that is a table: a case in each row, its drawing, its figures.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "core/report/html_view.hpp"
#include "core/report/svg.hpp"

namespace coldload {

struct ChartTable {
  std::string caption;
  std::string_view drawing;  // what the middle column draws, for those who do not see it
  std::string figures;       // the right column's heading
};

// `draw(analysis)` writes the drawing, `figures(analysis)` what stands beside it. Of no case: nothing.
template <typename Draw, typename Figures>
void write_chart_table(Markup& out, const ReportView& view, const std::vector<const CaseAnalysis*>& cases,
                       const ChartTable& words, const Scale& scale, Draw&& draw, Figures&& figures) {
  if (cases.empty()) return;
  out.open("table", {{"class", "chart"}});
  out.element("caption", words.caption);
  out.open("thead");
  out.open("tr");
  out.element("th", {{"scope", "col"}}, "case");
  out.open("th", {{"scope", "col"}, {"class", "plot"}});
  out.element("span", {{"class", "unseen"}}, words.drawing);
  write_axis(out, scale);
  out.close();
  out.element("th", {{"scope", "col"}, {"class", "figures"}}, words.figures);
  out.close();
  out.close();
  out.open("tbody");
  for (const CaseAnalysis* analysis : cases) {
    out.open("tr", {{"class", view.report().decision.steady == analysis ? "chosen" : ""}});
    out.open("th", {{"scope", "row"}});
    view.write_case_label(out, *analysis);
    out.close();
    out.open("td", {{"class", "plot"}});
    draw(*analysis);
    out.close();
    out.open("td", {{"class", "figures"}});
    figures(*analysis);
    out.close();
    out.close();
  }
  out.close();
  out.close();
}

}  // namespace coldload
