// What the options, the environment and the profile mean together, settled when the backend is created.
#pragma once

#include <cstdint>
#include <string>

#include "environment.hpp"
#include "http.hpp"
#include "uri.hpp"

namespace coldload::s3 {

// The options as a scenario gives them; "" where it does not.
struct Asked {
  std::string url;
  std::string endpoint;
  std::string region;
  std::string profile;
  std::string addressing = "auto";
  bool anonymous = false;
  std::string ca_file;
  std::string proxy;
  uint64_t part_bytes = uint64_t{8} << 20;
  uint32_t connections = 64;
  uint32_t retries = 4;
  uint64_t connect_timeout_ms = 5'000;
  uint64_t stall_timeout_ms = 20'000;
};

struct Config {
  Location location;
  Endpoint endpoint;
  std::string endpoint_source;  // "option", "AWS_ENDPOINT_URL_S3", "profile", "region"
  std::string region;
  std::string region_source;
  Addressing addressing = Addressing::path;
  TransportSettings transport;
  std::string proxy_source;  // "option", "https_proxy", …; "" without one.
  uint64_t part_bytes = 0;
  uint32_t connections = 0;
  uint32_t retries = 0;

  // "s3://bucket/prefix/key", shortened to what fits a message.
  [[nodiscard]] std::string shown(const std::string& key) const;
  // "http://127.0.0.1:9000, region us-east-1, bucket models"
  [[nodiscard]] std::string where() const;
};

// Throws INVALID_OPTION.
[[nodiscard]] Config settle(const Asked& asked, const Profile& profile, const Variables& variables);

}  // namespace coldload::s3
