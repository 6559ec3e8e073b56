// What `coldload inspect DIR` prints.
#pragma once

#include <string>

#include "core/model/directory.hpp"

namespace coldload {

// Table of shards (size, tensors, bytes by dtype), totals, small files, and what is inconsistent or that
// nothing is. Ends with a newline.
[[nodiscard]] std::string render_inspection(const Inspection& inspection);

}  // namespace coldload
