// Every run of a result document as a row of CSV.
#pragma once

#include <string>

#include "core/record/document.hpp"

namespace coldload {

// One row a run, in the document's order, each with what its case is; docs/result-schema.md lists the
// columns. Phases, metrics and evidence that any run has are columns at the end; a cell is empty where that
// run has none. A case of which no run took place has no row. [any-thread]
[[nodiscard]] std::string run_csv(const ResultDocument& document);

}  // namespace coldload
