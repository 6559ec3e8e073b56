// A result document without what tells whose node it was.
#pragma once

#include "core/record/document.hpp"

namespace coldload {

// Paths, URLs, mount sources and what stands in options as a path or an address become "place-1", "place-2",
// …, each the same everywhere in the document. Dropped: the scenario's text and file, workers' output,
// proxies, the directories of plugin files, all of the service's arguments but its program's name. Names of
// backends, strategies and the model, figures and devices stay. [any-thread]
[[nodiscard]] ResultDocument redacted(const ResultDocument& document);

}  // namespace coldload
