#include "diagnosis.hpp"

#include <cstdlib>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/redaction.hpp"
#include "explain.hpp"
#include "list.hpp"

namespace coldload::s3 {
namespace {

constexpr long kSkewToTellSeconds = 60;
constexpr long kSkewRefusedSeconds = 900;  // AWS refuses signatures from here on.
constexpr uint32_t kTriesOfDiagnosis = 2;

void tell_settings(const Service& service, sdk::Diagnosis& out) {
  const Config& config = service.config();
  out.ok("endpoint: " + config.endpoint.text() + " (from " + config.endpoint_source + "), bucket " +
         config.location.bucket +
         (config.addressing == Addressing::path ? " in the path" : " in the host's name"));
  out.ok("region: " + config.region + " (from " + config.region_source + ")");
  out.ok(service.credentials_source() == "none" ? std::string("credentials: none, requests are unsigned")
                                                : "credentials: from " + service.credentials_source());
  const TransportSettings& transport = config.transport;
  if (!transport.proxy.empty()) {
    out.ok("proxy: " + sdk::without_secrets(transport.proxy) + " (from " + config.proxy_source + ")");
  }
}

void tell_tls(const std::string& version, sdk::Diagnosis& out) {
  if (version.empty()) return;
  out.ok(version == "none" ? std::string("TLS: none, plain HTTP")
                           : "TLS: " + version + ", certificate accepted");
}

}  // namespace

void tell_clock(const ResponseHead& head, std::time_t now, sdk::Diagnosis& out) {
  if (head.get("date").empty()) return;
  const long skew = clock_skew_seconds(head, now);
  const long apart = std::labs(skew);
  const std::string fact =
      "clock: " + std::to_string(apart) + " s " + (skew < 0 ? "behind" : "ahead of") + " the server's";
  const std::string cause = "signatures carry the time, and a server refuses those 15 minutes off";
  const std::string fix =
      "set this machine's clock, or the server's; `timedatectl set-ntp true` keeps it right";
  if (apart <= kSkewToTellSeconds) {
    out.ok(apart == 0 ? std::string("clock: agrees with the server's") : fact);
  } else if (apart < kSkewRefusedSeconds) {
    out.warning(fact, cause, fix);
  } else {
    out.error(fact, cause, fix);
  }
}

void diagnose_service(Service& service, const std::string& prefix, sdk::Diagnosis& out) {
  tell_settings(service, out);
  const Config& config = service.config();
  // Somebody waits for the answer: a server that says nothing is told of after seconds, not minutes.
  service.be_brief(kTriesOfDiagnosis);
  ResponseHead head;
  try {
    head = list_first_key(service, prefix);
  } catch (const sdk::Failure& failure) {
    if (failure.status() == COLDLOAD_CANCELLED) throw;
    service.be_brief(1);
    tell_tls(service.tls_version(), out);
    out.error("bucket: cannot be listed", failure.what(), "mend what the cause names, then ask again");
    return;
  }
  tell_tls(service.tls_version(), out);
  tell_clock(head, std::time(nullptr), out);
  out.ok("bucket: " + config.location.bucket + " answers, and may be listed below " + config.shown(prefix));
}

}  // namespace coldload::s3
