// Names and addresses: percent-encoding, s3:// URLs, endpoints, and where a request to a bucket goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coldload::s3 {

enum class Slash { keep, encode };

// As signatures want it: A-Z a-z 0-9 - . _ ~ stay, every other byte becomes %XX with capitals.
[[nodiscard]] std::string percent_encoded(std::string_view text, Slash slash);
// Throws INTEGRITY where a '%' is not followed by two hexadecimal digits.
[[nodiscard]] std::string percent_decoded(std::string_view text);

using Query = std::vector<std::pair<std::string, std::string>>;
// Sorted by encoded name, then value, as signatures want it: "list-type=2&prefix=a%2Fb".
[[nodiscard]] std::string canonical_query(const Query& query);

// "s3://bucket/some/prefix"
struct Location {
  std::string bucket;
  std::string prefix;  // No slash at either end; "" is the whole bucket.
};
// Throws INVALID_OPTION, telling what is expected.
[[nodiscard]] Location parse_location(const std::string& url);

// "https://host:port/base"
struct Endpoint {
  bool tls = true;
  std::string host;  // An IPv6 address keeps its brackets.
  uint16_t port = 0;
  std::string base_path;  // "" or "/base", without a slash at its end.

  // Host header and URL alike: with the port unless it is the scheme's own.
  [[nodiscard]] std::string authority(const std::string& host_name) const;
  // "http://127.0.0.1:9000"
  [[nodiscard]] std::string text() const;
};
// `source` is what the message calls it. Throws INVALID_OPTION; a user in it is refused and not repeated.
[[nodiscard]] Endpoint parse_endpoint(const std::string& source, const std::string& text);
[[nodiscard]] Endpoint aws_endpoint(const std::string& region);

enum class Addressing { path, virtual_host };

// Whether a bucket's name can stand in a host name under a wildcard certificate.
[[nodiscard]] bool fits_host_name(std::string_view bucket);

struct Target {
  std::string host;  // Of the Host header.
  std::string path;  // Encoded once, starts with '/'.
  std::string url;   // Without a query.
};
// `key` may be "": the bucket itself.
[[nodiscard]] Target target_of(const Endpoint& endpoint, Addressing addressing, const std::string& bucket,
                               const std::string& key);

}  // namespace coldload::s3
