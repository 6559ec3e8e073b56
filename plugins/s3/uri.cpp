#include "uri.hpp"

#include <algorithm>
#include <charconv>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/redaction.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;
constexpr size_t kUrlBytesMax = 2048;

bool is_alphanumeric(char letter) {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
         (letter >= '0' && letter <= '9');
}

bool is_unreserved(char letter) {
  return is_alphanumeric(letter) || letter == '-' || letter == '.' || letter == '_' || letter == '~';
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

std::string_view without_slashes(std::string_view text) {
  while (!text.empty() && text.front() == '/') text.remove_prefix(1);
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  return text;
}

bool is_host_letter(char letter) {
  // Brackets and colons are those of IPv6.
  return is_alphanumeric(letter) || letter == '-' || letter == '.' || letter == '_' || letter == '[' ||
         letter == ']' || letter == ':';
}

}  // namespace

std::string percent_encoded(std::string_view text, Slash slash) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char letter : text) {
    if (is_unreserved(letter) || (letter == '/' && slash == Slash::keep)) {
      encoded += letter;
      continue;
    }
    const auto byte = static_cast<unsigned char>(letter);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded += ' ';
      continue;
    }
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      throw Failure(COLDLOAD_INTEGRITY,
                    "\"" + std::string(text.substr(0, 100)) + "\": a '%' without two hexadecimal digits");
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string canonical_query(const Query& query) {
  Query encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query) {
    encoded.emplace_back(percent_encoded(name, Slash::encode), percent_encoded(value, Slash::encode));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text += name;
    text += '=';
    text += value;
  }
  return text;
}

Location parse_location(const std::string& url) {
  const auto refuse = [&](const std::string& why) {
    return Failure(COLDLOAD_INVALID_OPTION, "url is \"" + sdk::without_secrets(url).substr(0, 200) +
                                                "\": " + why + ", such as \"s3://bucket/prefix\"");
  };
  constexpr std::string_view kScheme = "s3://";
  if (url.compare(0, kScheme.size(), kScheme) != 0) throw refuse("expected one that starts with \"s3://\"");
  if (url.size() > kUrlBytesMax) throw refuse("expected one of at most 2048 bytes");
  const std::string_view rest = std::string_view(url).substr(kScheme.size());
  const size_t slash = std::min(rest.find('/'), rest.size());
  Location location{std::string(rest.substr(0, slash)), std::string(without_slashes(rest.substr(slash)))};
  if (location.bucket.empty()) throw refuse("expected a bucket");
  if (!std::all_of(location.bucket.begin(), location.bucket.end(), is_unreserved)) {
    throw refuse("expected a bucket of letters, digits, '-', '.' and '_'");
  }
  if (location.bucket.find_first_not_of('.') == std::string::npos) throw refuse("expected a bucket");
  return location;
}

std::string Endpoint::authority(const std::string& host_name) const {
  return port == (tls ? kHttpsPort : kHttpPort) ? host_name : host_name + ":" + std::to_string(port);
}

std::string Endpoint::text() const {
  return (tls ? "https://" : "http://") + authority(host) + base_path;
}

Endpoint parse_endpoint(const std::string& source, const std::string& text) {
  const auto refuse = [&](const std::string& why) {
    return Failure(COLDLOAD_INVALID_OPTION, source + " is \"" + sdk::without_secrets(text).substr(0, 200) +
                                                "\": " + why + ", such as \"http://127.0.0.1:9000\"");
  };
  Endpoint endpoint;
  std::string_view rest = text;
  if (rest.substr(0, 7) == "http://") {
    endpoint.tls = false;
    rest.remove_prefix(7);
  } else if (rest.substr(0, 8) == "https://") {
    rest.remove_prefix(8);
  } else {
    throw refuse("expected one that starts with http:// or https://");
  }
  // Also behind a '/': what is not encoded in a password may be one.
  if (rest.find('@') != std::string_view::npos) {
    throw refuse("expected no user and password in it: credentials come from the environment or a profile");
  }
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::string_view path = without_slashes(rest.substr(authority.size()));
  if (path.find_first_of("?#") != std::string_view::npos) throw refuse("expected no query in it");
  if (!path.empty()) endpoint.base_path = "/" + percent_encoded(path, Slash::keep);
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  endpoint.host = authority.substr(0, colon);
  endpoint.port = endpoint.tls ? kHttpsPort : kHttpPort;
  if (endpoint.host.empty() || !std::all_of(endpoint.host.begin(), endpoint.host.end(), is_host_letter)) {
    throw refuse("expected a host");
  }
  if (colon == std::string_view::npos) return endpoint;
  const std::string_view digits = authority.substr(colon + 1);
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || endpoint.port == 0) {
    throw refuse("expected a port from 1 to 65535");
  }
  return endpoint;
}

Endpoint aws_endpoint(const std::string& region) {
  Endpoint endpoint;
  const bool china = region.compare(0, 3, "cn-") == 0;
  endpoint.host = "s3." + region + (china ? ".amazonaws.com.cn" : ".amazonaws.com");
  endpoint.port = kHttpsPort;
  return endpoint;
}

bool fits_host_name(std::string_view bucket) {
  if (bucket.size() < 3 || bucket.size() > 63) return false;
  // A dot would be one label too many for the certificate of *.s3.REGION.amazonaws.com.
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
  };
  return std::all_of(bucket.begin(), bucket.end(), fits) && bucket.front() != '-' && bucket.back() != '-';
}

Target target_of(const Endpoint& endpoint, Addressing addressing, const std::string& bucket,
                 const std::string& key) {
  Target target;
  target.path = endpoint.base_path;
  if (addressing == Addressing::path) {
    target.host = endpoint.authority(endpoint.host);
    target.path += "/" + percent_encoded(bucket, Slash::encode);
    if (!key.empty()) target.path += "/" + percent_encoded(key, Slash::keep);
  } else {
    target.host = endpoint.authority(bucket + "." + endpoint.host);
    target.path += "/" + percent_encoded(key, Slash::keep);
  }
  target.url = (endpoint.tls ? "https://" : "http://") + target.host + target.path;
  return target;
}

}  // namespace coldload::s3
