// The style sheet of the HTML report: report_style.css, built in.
#pragma once

#include <string_view>

namespace coldload {

[[nodiscard]] std::string_view report_style();

}  // namespace coldload
