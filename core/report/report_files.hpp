// The files of a report.
#pragma once

#include <string>
#include <vector>

#include "core/analyse/advice.hpp"

namespace coldload {

struct ReportFile {
  std::string name;
  std::string content;
  bool executable = false;
};

// storage_layout_bench.csv and storage_layout_notes.md. [any-thread]
[[nodiscard]] std::vector<ReportFile> render_report(const Report& report);

}  // namespace coldload
