// The digest of core/model as plugins meet it.
#pragma once

#include "coldload/ext/digest.h"

namespace coldload {

[[nodiscard]] const coldload_digest_ops& digest_extension();

}  // namespace coldload
