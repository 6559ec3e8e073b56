#include "sigv4.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "coldload/cpp/failure.hpp"

namespace coldload::s3 {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";
constexpr char kService[] = "s3";

using Sha256 = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

std::string hex(const Sha256& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Sha256 sha256(std::string_view data) {
  Sha256 digest{};
  if (EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw sdk::Failure(COLDLOAD_INTERNAL, "s3: OpenSSL offers no SHA-256");
  }
  return digest;
}

Sha256 hmac(std::string_view key, std::string_view data) {
  Sha256 digest{};
  unsigned int length = 0;
  const unsigned char* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data(), &length);
  if (made == nullptr) throw sdk::Failure(COLDLOAD_INTERNAL, "s3: OpenSSL offers no HMAC-SHA-256");
  return digest;
}

std::string_view text_of(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// "20130524T000000Z"
std::string timestamp(std::time_t now) {
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  const size_t length = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
  return {text.data(), length};
}

// Without blanks at the ends, runs of blanks as one.
std::string trimmed(std::string_view value) {
  std::string out;
  for (const char letter : value) {
    const bool blank = letter == ' ' || letter == '\t';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : letter;
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string names_of(const Headers& sorted) {
  std::string names;
  for (const auto& [name, value] : sorted) {
    if (!names.empty()) names += ';';
    names += name;
  }
  return names;
}

Headers sorted_with_host(const UnsignedRequest& request, Headers headers) {
  headers.emplace_back("host", request.host);
  std::sort(headers.begin(), headers.end());
  return headers;
}

std::string payload_hash_of(const Headers& headers) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [](const auto& header) { return header.first == "x-amz-content-sha256"; });
  return found == headers.end() ? kEmptyPayloadSha256 : found->second;
}

}  // namespace

std::string sha256_hex(std::string_view data) {
  return hex(sha256(data));
}

std::string canonical_request(const UnsignedRequest& request, const Headers& headers) {
  const Headers sorted = sorted_with_host(request, headers);
  std::string text = request.method + "\n" + request.path + "\n" + canonical_query(request.query) + "\n";
  for (const auto& [name, value] : sorted) text += name + ":" + trimmed(value) + "\n";
  return text + "\n" + names_of(sorted) + "\n" + payload_hash_of(headers);
}

Headers signed_headers(const UnsignedRequest& request, const Keys& keys, const std::string& region,
                       std::time_t now) {
  const std::string time = timestamp(now);
  const std::string date = time.substr(0, 8);
  Headers headers = request.headers;
  headers.emplace_back("x-amz-content-sha256", request.payload_hash);
  headers.emplace_back("x-amz-date", time);
  if (!keys.session_token.empty()) headers.emplace_back("x-amz-security-token", keys.session_token);

  const std::string scope = date + "/" + region + "/" + kService + "/aws4_request";
  const std::string to_sign = std::string(kAlgorithm) + "\n" + time + "\n" + scope + "\n" +
                              sha256_hex(canonical_request(request, headers));
  const Sha256 date_key = hmac("AWS4" + keys.secret_key, date);
  const Sha256 region_key = hmac(text_of(date_key), region);
  const Sha256 service_key = hmac(text_of(region_key), kService);
  const Sha256 signing_key = hmac(text_of(service_key), "aws4_request");
  const std::string signature = hex(hmac(text_of(signing_key), to_sign));

  headers.emplace_back("authorization",
                       std::string(kAlgorithm) + " Credential=" + keys.access_key + "/" + scope +
                           ", SignedHeaders=" + names_of(sorted_with_host(request, {headers})) +
                           ", Signature=" + signature);
  return headers;
}

}  // namespace coldload::s3
