// The files of a report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/analyse/advice.hpp"
#include "core/base/result.hpp"

namespace coldload {

// Where the unit of a report finds its script, unless told otherwise.
inline constexpr std::string_view kBootstrapScriptPath = "/usr/local/sbin/coldload-bootstrap";

struct ReportFile {
  std::string name;
  std::string content;
};

// storage_layout_notes.md, storage_layout_bench.csv, report.html, and where the plan allows one, bootstrap.sh
// with its unit coldload-bootstrap.service. Fails (invalid_option) where a value of the document cannot stand
// in a script. [any-thread]
[[nodiscard]] Result<std::vector<ReportFile>> render_report(const Report& report);

}  // namespace coldload
