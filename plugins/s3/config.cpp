#include "config.hpp"

#include <algorithm>
#include <vector>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/redaction.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;

struct Found {
  std::string value;
  std::string source;
};

Found first_of(const std::vector<Found>& candidates) {
  for (const Found& candidate : candidates) {
    if (!candidate.value.empty()) return candidate;
  }
  return {};
}

Found find_region(const Asked& asked, const Profile& profile, const Variables& variables) {
  Found found = first_of({{asked.region, "option"},
                          {variables("AWS_REGION"), "AWS_REGION"},
                          {variables("AWS_DEFAULT_REGION"), "AWS_DEFAULT_REGION"},
                          {profile.get("region"), "profile"},
                          {"us-east-1", "default"}});
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' ||
           (letter >= 'A' && letter <= 'Z') || letter == '_';
  };
  if (found.value.size() > 64 || !std::all_of(found.value.begin(), found.value.end(), fits)) {
    throw Failure(COLDLOAD_INVALID_OPTION, "region (from " + found.source + ") is \"" +
                                               found.value.substr(0, 80) +
                                               "\": expected a name such as \"eu-central-1\"");
  }
  return found;
}

Found find_endpoint(const Asked& asked, const Profile& profile, const Variables& variables) {
  const auto nested = profile.services.find("s3.endpoint_url");
  return first_of({{asked.endpoint, "endpoint"},
                   {variables("AWS_ENDPOINT_URL_S3"), "AWS_ENDPOINT_URL_S3"},
                   {variables("AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL"},
                   {nested == profile.services.end() ? "" : nested->second, "profile's services"},
                   {profile.get("endpoint_url"), "profile's endpoint_url"}});
}

Addressing find_addressing(const Asked& asked, const Location& location, bool own_endpoint) {
  if (asked.addressing == "path") return Addressing::path;
  const bool fits = fits_host_name(location.bucket);
  if (asked.addressing == "virtual") {
    if (!fits) {
      throw Failure(COLDLOAD_INVALID_OPTION,
                    "addressing is \"virtual\", and bucket \"" + location.bucket +
                        "\" does not fit a host name: expected 3 to 63 of a-z 0-9 and -");
    }
    return Addressing::virtual_host;
  }
  // A server of one's own seldom has the wildcard name that the other form needs.
  return own_endpoint || !fits ? Addressing::path : Addressing::virtual_host;
}

// As curl's tool looks them up: HTTP_PROXY in capitals is what a CGI request can set, and has no say.
Found find_proxy(const Asked& asked, bool tls, const Variables& variables) {
  if (asked.proxy == "none") return {};
  if (!asked.proxy.empty()) {
    // A user's name alone is a token with some.
    if (asked.proxy.find('@') != std::string::npos) {
      throw Failure(COLDLOAD_INVALID_OPTION, "proxy is \"" + sdk::without_secrets(asked.proxy) +
                                                 "\": who asks does not stand in a scenario; leave the "
                                                 "option out and set https_proxy or http_proxy");
    }
    return {asked.proxy, "option"};
  }
  std::vector<Found> candidates;
  const auto add = [&](const char* name) { candidates.push_back({variables(name), name}); };
  if (tls) {
    add("https_proxy");
    add("HTTPS_PROXY");
  } else {
    add("http_proxy");
  }
  add("all_proxy");
  add("ALL_PROXY");
  return first_of(candidates);
}

}  // namespace

std::string Config::shown(const std::string& key) const {
  constexpr size_t kShownMax = 160;
  std::string text = "s3://" + location.bucket;
  if (!location.prefix.empty()) text += "/" + location.prefix;
  if (!key.empty()) text += "/" + key;
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) < ' ') letter = '?';
  }
  if (text.size() <= kShownMax) return text;
  return text.substr(0, kShownMax / 2) + "…" + text.substr(text.size() - kShownMax / 2);
}

std::string Config::where() const {
  return endpoint.text() + ", region " + region + ", bucket " + location.bucket;
}

Config settle(const Asked& asked, const Profile& profile, const Variables& variables) {
  Config config;
  config.location = parse_location(asked.url);
  const Found region = find_region(asked, profile, variables);
  config.region = region.value;
  config.region_source = region.source;
  const Found endpoint = find_endpoint(asked, profile, variables);
  config.endpoint =
      endpoint.value.empty() ? aws_endpoint(config.region) : parse_endpoint(endpoint.source, endpoint.value);
  config.endpoint_source = endpoint.value.empty() ? "region" : endpoint.source;
  config.addressing = find_addressing(asked, config.location, !endpoint.value.empty());
  const Found proxy = find_proxy(asked, config.endpoint.tls, variables);
  config.transport.proxy = proxy.value;
  config.proxy_source = proxy.source;
  if (!proxy.value.empty() && asked.proxy.empty()) {
    config.transport.no_proxy = first_of({{variables("no_proxy"), ""}, {variables("NO_PROXY"), ""}}).value;
  }
  config.transport.ca_file =
      first_of({{asked.ca_file, ""}, {variables("AWS_CA_BUNDLE"), ""}, {profile.get("ca_bundle"), ""}}).value;
  config.transport.connect_timeout_ms = asked.connect_timeout_ms;
  config.transport.stall_timeout_ms = asked.stall_timeout_ms;
  config.part_bytes = asked.part_bytes;
  config.connections = asked.connections;
  config.retries = asked.retries;
  return config;
}

}  // namespace coldload::s3
