// What `coldload plugin check` prints.
#pragma once

#include <string>

#include "core/conformance/kit.hpp"

namespace coldload::conformance {

// One line; where a check ended badly also what was expected, and what the plugin printed.
[[nodiscard]] std::string result_text(const ContractResult& result);
// The last line: how many of each.
[[nodiscard]] std::string summary_text(const KitReport& report);
// {"file", "plugin", "version", "conforms", "contracts": [{"id", "component", "sentence", "ending", "detail",
// "output", "took_ns"}]}, indented, ends with a newline.
[[nodiscard]] std::string report_json(const KitReport& report);
// "id  sentence", a line each; as JSON an array of {"id", "sentence"}.
[[nodiscard]] std::string contracts_text();
[[nodiscard]] std::string contracts_json();

}  // namespace coldload::conformance
