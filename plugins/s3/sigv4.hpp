// AWS Signature Version 4 for S3: a request's Authorization header from its parts. Pure; the OpenSSL in it
// stays in sigv4.cpp. By "Authenticating Requests: Using the Authorization Header" of the S3 API reference.
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uri.hpp"

namespace coldload::s3 {

// Values never leave this plugin other than as signatures; the token goes into its header.
struct Keys {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // "" without one.
};

using Headers = std::vector<std::pair<std::string, std::string>>;

inline constexpr char kUnsignedPayload[] = "UNSIGNED-PAYLOAD";
// SHA-256 of nothing: what a GET or HEAD carries.
inline constexpr char kEmptyPayloadSha256[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct UnsignedRequest {
  std::string method;  // "GET"
  std::string host;    // As the Host header will have it, port included.
  std::string path;    // Encoded once.
  Query query;         // Not encoded.
  Headers headers;     // Names in lower case, without host and x-amz-date; all of them are signed.
  std::string payload_hash = kEmptyPayloadSha256;
};

// The headers to send: those given, x-amz-content-sha256, x-amz-date, x-amz-security-token where there is a
// token, and authorization. Host is left to the transport.
[[nodiscard]] Headers signed_headers(const UnsignedRequest& request, const Keys& keys,
                                     const std::string& region, std::time_t now);

// What a test compares step by step with AWS's documentation.
[[nodiscard]] std::string canonical_request(const UnsignedRequest& request, const Headers& headers);
[[nodiscard]] std::string sha256_hex(std::string_view data);

}  // namespace coldload::s3
