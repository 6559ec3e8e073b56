// The files of sdk/template/, as they stand there. For this folder only.
#pragma once

#include <string_view>

namespace coldload::template_files {

extern const std::string_view cmake_lists;
extern const std::string_view backend_c;
extern const std::string_view backend_cpp;
extern const std::string_view backend_md;
extern const std::string_view backend_toml;
extern const std::string_view strategy_c;
extern const std::string_view strategy_cpp;
extern const std::string_view strategy_md;
extern const std::string_view strategy_toml;

}  // namespace coldload::template_files
