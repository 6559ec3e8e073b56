// What a page with one style sheet may do, for its browser to hold it to.
#pragma once

#include <string>
#include <string_view>

namespace coldload {

// Nothing is fetched, no script runs, no form is sent, and of style only a <style> that holds exactly
// `style_sheet` applies. For <meta http-equiv="Content-Security-Policy">. [any-thread]
[[nodiscard]] std::string content_policy(std::string_view style_sheet);

// RFC 4648, with padding. [any-thread]
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace coldload
