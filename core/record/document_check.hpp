// Whether a result document is what results/schema/ says, as far as a reader depends on it.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/record/document.hpp"

namespace coldload {

// What is wrong with the JSON form of a document of this program's schema version, in the document's order:
// fields that are missing, of another type or not one of their words, numbers that are not finite, cases and
// runs that contradict each other. Fields that are not known are none of its business. At most
// limits::kDiagnosticsMax. [any-thread]
[[nodiscard]] std::vector<std::string> document_mistakes(const json::value& document);

}  // namespace coldload
