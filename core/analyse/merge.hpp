// Several runs on one machine as one document.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/record/document.hpp"

namespace coldload {

struct NamedDocument {
  std::string run_id;  // the folder's name
  ResultDocument document;
};

// The cases, runs, probes, backends and mounts of all, with the first one's scenario. Errors
// (invalid_option): they are of different machines or models, or two hold a case or a backend of the same
// name; which, and what to do. One document is returned as it is. `documents` is not empty. [any-thread]
[[nodiscard]] Result<ResultDocument> merge(const std::vector<NamedDocument>& documents);

}  // namespace coldload
