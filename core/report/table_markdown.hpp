// The run's table as Markdown.
#pragma once

#include <string>

#include "core/record/document.hpp"

namespace coldload {

// What render_table shows, as a table of GitHub's Markdown with the title above it and the expectations and
// counts below. Ends with a newline. [any-thread]
[[nodiscard]] std::string table_markdown(const ResultDocument& document);

}  // namespace coldload
