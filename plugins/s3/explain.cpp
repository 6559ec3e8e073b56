#include "explain.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "coldload/cpp/redaction.hpp"
#include "listing.hpp"
#include "retry.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;

constexpr long kSkewSecondsMax =
    300;  // AWS refuses requests from 15 minutes on; a clock this wrong is a cause.

std::string join(const std::string& what, const std::string& advice) {
  return advice.empty() ? what : what + "; " + advice;
}

std::string advice_on_credentials(const std::string& source) {
  if (source == "none") return "requests are unsigned (anonymous = true): the bucket must allow everybody";
  if (source == "environment") return "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  return "check the credentials of the profile (" + source + ")";
}

std::string advice_on_403(const std::string& code, const Outcome& outcome, const std::string& source) {
  const long skew = clock_skew_seconds(outcome.head, outcome.now);
  if (std::labs(skew) > kSkewSecondsMax || code == "RequestTimeTooSkewed") {
    return "this machine's clock is " + std::to_string(std::labs(skew)) + " s " +
           (skew > 0 ? "ahead of" : "behind") + " the server's: set it, or signatures are refused";
  }
  if (code == "SignatureDoesNotMatch") {
    return "the secret key is not that of the access key, or a proxy changes requests: " +
           advice_on_credentials(source);
  }
  if (code == "InvalidAccessKeyId") {
    return "this server does not know the access key: " + advice_on_credentials(source) +
           ", and that the endpoint is theirs";
  }
  if (code == "ExpiredToken" || code == "TokenRefreshRequired" || code == "InvalidToken") {
    return "the session token has expired or is wrong: export credentials again";
  }
  if (code == "AccessDenied" || code.empty()) {
    return std::string(code.empty() ? "the answer gives no reason; " : "") +
           "the policy must allow s3:ListBucket on the bucket and s3:GetObject below the prefix: " +
           advice_on_credentials(source);
  }
  return advice_on_credentials(source);
}

std::string region_of(const Outcome& outcome, const ErrorDocument& document) {
  std::string region = outcome.head.get("x-amz-bucket-region");
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  if (region.size() > 64 || region.find_first_not_of(kAllowed) != std::string::npos) region.clear();
  return region.empty() ? document.region : region;
}

std::string advice_on_region(const Outcome& outcome, const ErrorDocument& document, const Config& config) {
  const std::string region = region_of(outcome, document);
  if (!region.empty() && region != config.region) {
    return "the bucket lies in region " + region + ": set region = \"" + region + "\"";
  }
  return "the bucket lies elsewhere: check region and endpoint";
}

coldload_status status_of(int http_status, const std::string& code) {
  if (code == "NoSuchBucket" || http_status == 404) return COLDLOAD_NOT_FOUND;
  if (http_status == 401 || http_status == 403) return COLDLOAD_PERMISSION_DENIED;
  if (http_status == 412) return COLDLOAD_INTEGRITY;
  return COLDLOAD_IO_ERROR;
}

std::string advice_on_status(const Outcome& outcome, const ErrorDocument& document, const Config& config,
                             const std::string& source) {
  const int status = outcome.head.status;
  if (status == 403 || status == 401) return advice_on_403(document.code, outcome, source);
  if (document.code == "NoSuchBucket") return "check the bucket in url, the region and the endpoint";
  if (status == 404) return "check url and [model] path";
  const bool elsewhere = status == 301 || status == 307 || document.code == "AuthorizationHeaderMalformed" ||
                         document.code == "PermanentRedirect" ||
                         document.code == "IllegalLocationConstraintException";
  if (elsewhere) return advice_on_region(outcome, document, config);
  if (status == 400) {
    return region_of(outcome, document).empty() ? "check region, addressing and endpoint"
                                                : advice_on_region(outcome, document, config);
  }
  if (status == 407) return "the proxy wants a user and a password: they stand in http_proxy or https_proxy";
  if (status == 412) return "the object was replaced since it was opened";
  if (status == 429 || status == 503) return "the server asks for fewer requests: lower threads or in_flight";
  return "";
}

std::string shown_proxy(const Config& config) {
  return sdk::without_secrets(config.transport.proxy) + " (from " + config.proxy_source + ")";
}

// Whether the connection that failed was one to the proxy. curl decides by no_proxy, and says whom it tried.
bool failed_at_proxy(const Outcome& outcome, const Config& config) {
  if (config.transport.proxy.empty()) return false;
  const Endpoint& endpoint = config.endpoint;
  const std::string prefix = config.addressing == Addressing::path ? "" : config.location.bucket + ".";
  const std::string direct = prefix + endpoint.host + " port " + std::to_string(endpoint.port) + " ";
  return config.transport.no_proxy.empty() || outcome.problem.find(direct) == std::string::npos;
}

Failure explain_connect(const Outcome& outcome, const Config& config, const std::string& tried) {
  const std::string from = " (" + config.where() + ")";
  if (!failed_at_proxy(outcome, config)) {
    return {
        COLDLOAD_IO_ERROR,
        outcome.subject + ": no connection" + tried + from + ": " + outcome.problem + "; is the server up", 0,
        true};
  }
  return {COLDLOAD_IO_ERROR,
          outcome.subject + ": no connection to the proxy " + shown_proxy(config) + tried + from + ": " +
              outcome.problem +
              "; is the proxy up? proxy = \"none\" goes without one, no_proxy for some hosts",
          0, true};
}

Failure explain_transport(const Outcome& outcome, const Config& config, const std::string& tried) {
  const std::string what = outcome.subject + ": ";
  const std::string from = " (" + config.where() + ")";
  const TransportSettings& transport = config.transport;
  switch (outcome.transport) {
    case Transport::dns:
      return {COLDLOAD_IO_ERROR,
              what + "no address for the host" + from +
                  ": check endpoint and region, or addressing = \"path\" where the server has no "
                  "name per bucket"};
    case Transport::tls:
      return {COLDLOAD_IO_ERROR, what + "TLS failed" + from + ": " + outcome.problem + "; " +
                                     (transport.ca_file.empty()
                                          ? "set ca_file or AWS_CA_BUNDLE to the certificate authority's file"
                                          : "check ca_file " + transport.ca_file)};
    case Transport::proxy:
      return {COLDLOAD_IO_ERROR, what + "the proxy " + shown_proxy(config) +
                                     " failed: " + sdk::without_secrets(outcome.problem) +
                                     "; check proxy, or set proxy = \"none\""};
    case Transport::connect:
      return explain_connect(outcome, config, tried);
    case Transport::stalled:
      return {COLDLOAD_TIMED_OUT, what + outcome.problem + tried + from + "; stall_timeout is what is waited",
              0, true};
    case Transport::reset:
      return {COLDLOAD_IO_ERROR,
              what + "the connection ended amid the response" + tried + from + ": " + outcome.problem, 0,
              true};
    default:
      return {COLDLOAD_IO_ERROR, what + outcome.problem + tried + from};
  }
}

}  // namespace

long clock_skew_seconds(const ResponseHead& head, std::time_t now) {
  const std::string& date = head.get("date");
  std::tm utc{};
  // "Sun, 06 Nov 1994 08:49:37 GMT"
  if (date.empty() || ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S", &utc) == nullptr) return 0;
  return static_cast<long>(now - ::timegm(&utc));
}

sdk::Failure explain(const Outcome& outcome, const Config& config, const std::string& credentials_source) {
  std::array<char, 64> tried{};
  if (outcome.tries > 1) {
    std::snprintf(tried.data(), tried.size(), " after %u tries in %.1f s", outcome.tries,
                  static_cast<double>(outcome.elapsed_ms) / 1000);
  }
  if (outcome.transport != Transport::ok) return explain_transport(outcome, config, tried.data());
  const ErrorDocument document = parse_error_document(outcome.body);
  const int status = outcome.head.status;
  std::string what = outcome.subject + ": " + std::to_string(status);
  if (!document.code.empty()) what += " " + document.code;
  what += tried.data();
  what += " (" + config.where() + ", credentials: " + credentials_source + ")";
  return {status_of(status, document.code),
          join(what, advice_on_status(outcome, document, config, credentials_source)), -status,
          passing_fault(Transport::ok, status).has_value()};
}

}  // namespace coldload::s3
