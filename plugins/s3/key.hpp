// Keys as a server lists them: S3 allows any bytes, and coldload's paths do not.
#pragma once

#include <string>
#include <string_view>

namespace coldload::s3 {

// Why a listed key, relative to the url's prefix, can be no object's here, or "": an empty part between
// slashes, "." or "..", bytes that are no UTF-8.
[[nodiscard]] std::string_view fault_of_listed_key(std::string_view key);

// `"a\x0ab"`: what a terminal would act upon is escaped, and everything but ASCII where it is no UTF-8; at
// most 200 bytes of the key.
[[nodiscard]] std::string quoted_key(std::string_view key);

}  // namespace coldload::s3
