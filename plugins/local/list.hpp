// The walk below a directory.
#pragma once

#include <string>

#include "coldload/cpp/backend.hpp"

namespace coldload::local {

// Every regular file below `prefix` of the directory `root`, links counting as what they point to, by name. A
// link back to a directory above itself ends there; sockets, devices and dangling links are passed over.
// Throws beyond 64 levels or 1 000 000 entries.
void list_objects(const sdk::Host& host, int root, const std::string& prefix,
                  const sdk::ListCallback& callback);

}  // namespace coldload::local
