// The shell that every bootstrap script is put together from: core/report/bootstrap/*.sh, as they stand there
// but for the first line, which is for shellcheck. Static.
#pragma once

#include <string_view>

namespace coldload::bootstrap_pieces {

extern const std::string_view common;
extern const std::string_view mounts;
extern const std::string_view stage;
extern const std::string_view transfer;
extern const std::string_view copies;
extern const std::string_view present;
extern const std::string_view read_ahead;
extern const std::string_view warm;
extern const std::string_view service;

}  // namespace coldload::bootstrap_pieces
