#include "core/report/report_files.hpp"

#include "core/report/bootstrap_script.hpp"
#include "core/report/html.hpp"
#include "core/report/layout_csv.hpp"
#include "core/report/layout_note.hpp"
#include "core/report/systemd_unit.hpp"

namespace coldload {

Result<std::vector<ReportFile>> render_report(const Report& report) {
  std::vector<ReportFile> files = {{"storage_layout_notes.md", render_layout_note(report)},
                                   {"storage_layout_bench.csv", render_layout_csv(report)},
                                   {"report.html", render_html(report)}};
  if (!report.bootstrap.not_possible.empty()) return files;
  auto script = render_bootstrap_script(report.bootstrap);
  if (!script) return pass(script);
  auto unit = render_systemd_unit(report.bootstrap, std::string(kBootstrapScriptPath));
  if (!unit) return pass(unit);
  files.push_back({"bootstrap.sh", std::move(*script)});
  files.push_back({"coldload-bootstrap.service", std::move(*unit)});
  return files;
}

}  // namespace coldload
