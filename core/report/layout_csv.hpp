// storage_layout_bench.csv: one row a case, for spreadsheets. Columns: docs/result-schema.md.
#pragma once

#include <string>

#include "core/analyse/advice.hpp"

namespace coldload {

// Times are medians of the valid runs, in seconds; a cell is empty where nothing was measured. Safe to open
// in a spreadsheet: no text runs as a formula. [any-thread]
[[nodiscard]] std::string render_layout_csv(const Report& report);

}  // namespace coldload
