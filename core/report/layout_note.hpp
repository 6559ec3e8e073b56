// storage_layout_notes.md: what a consultant hands over.
#pragma once

#include <string>

#include "core/analyse/advice.hpp"

namespace coldload {

// Markdown. The answer stands in the first two sentences; each sentence names, by number, the cases it rests
// on, and the table of cases gives the numbers their ids. Nothing in it is computed here. [any-thread]
[[nodiscard]] std::string render_layout_note(const Report& report);

}  // namespace coldload
