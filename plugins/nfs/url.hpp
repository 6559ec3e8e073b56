// nfs://server/export/dir, as a scenario writes it.
#pragma once

#include <string>

namespace coldload::nfs {

struct Url {
  std::string server;  // A name or an address, IPv6 without its brackets.
  std::string path;    // Absolute, without a slash at its end; "/" is the server's root.
};

// Throws COLDLOAD_INVALID_OPTION for another scheme, no server, a port, user or query in it (these are
// options), a component "." or "..", an empty one, a broken or NUL percent escape, more than 4096 bytes.
[[nodiscard]] Url parse_url(const std::string& text);

}  // namespace coldload::nfs
