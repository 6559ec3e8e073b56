// The result document as a table for people.
#pragma once

#include <string>

#include "core/analyse/case_summary.hpp"
#include "core/record/document.hpp"

namespace coldload {

struct TableOptions {
  unsigned width = 0;  // columns of the terminal; 0: as wide as it gets
  bool color = false;  // whether the reader's terminal shows it and wants it is the caller's to know
};

// One row a case, in the document's order: valid of attempted runs, median and its 95 % interval, GB/s,
// against the baseline, share of the ceiling, kind of proof, notes. What does not fit the width moves to an
// indented line below its row; nothing is cut. A case that was not measured shows its status and reason
// across the columns. Last comes a line that counts cases and runs. Ends with a newline. [any-thread]
[[nodiscard]] std::string render_table(const ResultDocument& document, const TableOptions& options);

// "quickstart: 451 MB of weights": the line above a table; says so where the scenario was interrupted.
[[nodiscard]] std::string table_title(const ResultDocument& document);
// "cases: 14 ok, 0 skipped, …; runs: 117 valid, …": the line below it.
[[nodiscard]] std::string counts_in_words(const Counts& counts);

}  // namespace coldload
