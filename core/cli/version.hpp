#pragma once

namespace coldload {

inline constexpr const char* kVersion = COLDLOAD_VERSION;

}  // namespace coldload
