#include "core/report/report_files.hpp"

#include "core/report/layout_csv.hpp"
#include "core/report/layout_note.hpp"

namespace coldload {

std::vector<ReportFile> render_report(const Report& report) {
  return {{"storage_layout_bench.csv", render_layout_csv(report)},
          {"storage_layout_notes.md", render_layout_note(report)}};
}

}  // namespace coldload
