// COLDLOAD_EXT_DIRECTORY for a backend that is a posix::Directory: what makes it a target of staging.
#pragma once

#include "coldload/cpp/backend.hpp"
#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/posix/directory.hpp"
#include "coldload/ext/directory.h"

namespace coldload::sdk::posix {

namespace detail {

template <typename T>
coldload_status directory_root(void* self, int32_t* out_fd, const char** out_path, coldload_error* error) {
  return guarded(error, [&] {
    const Directory& directory = static_cast<const T&>(*static_cast<sdk::Backend*>(self)).directory();
    *out_fd = directory.fd();
    *out_path = directory.path().c_str();
  });
}

}  // namespace detail

// For get_extension() of a backend `T` with a function `const Directory& directory() const`.
template <typename T>
inline constexpr coldload_directory_ops kDirectoryOps = {sizeof(coldload_directory_ops), 0,
                                                         &detail::directory_root<T>};

}  // namespace coldload::sdk::posix
