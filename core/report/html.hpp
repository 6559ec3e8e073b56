// The report as one HTML file.
#pragma once

#include <string>

#include "core/analyse/advice.hpp"

namespace coldload {

// The answer, the charts it rests on, findings, policy, environment, the bootstrap in words, every case. One
// file that asks nothing of the network and runs no script: its content policy allows its one style sheet and
// nothing else. Legible on a phone, in the dark and on paper. The same report gives the same bytes.
// `report.document` must be there; text from outside may be anything. [any-thread]
[[nodiscard]] std::string render_html(const Report& report);

}  // namespace coldload
