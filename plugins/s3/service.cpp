#include "service.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "coldload/cpp/redaction.hpp"

namespace coldload::s3 {

bool Permits::try_take() {
  const int64_t left = free_.fetch_sub(1) - 1;
  if (left < 0) {
    free_.fetch_add(1);
    return false;
  }
  const uint64_t out = count_ - static_cast<uint64_t>(left);
  uint64_t most = most_.load();
  while (out > most && !most_.compare_exchange_weak(most, out)) {
  }
  return true;
}

void Permits::give_back() {
  free_.fetch_add(1);
}

Service::Service(sdk::Host host, Config config, std::unique_ptr<Credentials> credentials)
    : host_(host),
      config_(std::move(config)),
      credentials_(std::move(credentials)),
      permits_(config_.connections) {}

HttpRequest Service::signed_request(const Plan& plan) {
  const Target target = target_of(config_.endpoint, config_.addressing, config_.location.bucket, plan.key);
  HttpRequest request;
  request.method = plan.method;
  request.url = target.url;
  if (!plan.query.empty()) request.url += "?" + canonical_query(plan.query);
  if (credentials_->anonymous()) {
    request.headers = plan.headers;
  } else {
    UnsignedRequest to_sign;
    to_sign.method = plan.method;
    to_sign.host = target.host;
    to_sign.path = target.path;
    to_sign.query = plan.query;
    to_sign.headers = plan.headers;
    const std::time_t now = std::time(nullptr);
    request.headers = signed_headers(to_sign, credentials_->keys(now), config_.region, now);
  }
  request.headers.emplace_back("user-agent", "coldload");
  return request;
}

void Service::count(const Ended& ended) {
  ++requests_;
  connections_ += ended.new_connections;
  wire_bytes_ += ended.wire_bytes;
  dns_ns_ += ended.dns_ns;
  connect_ns_ += ended.connect_ns;
  tls_ns_ += ended.tls_ns;
  if (ended.transport != Transport::ok) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (tls_version_.empty()) tls_version_ = ended.tls_version;
  if (http_version_.empty()) http_version_ = ended.http_version;
}

std::string Service::tls_version() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return tls_version_;
}

std::unique_ptr<Http> Service::take_http() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!kept_.empty()) {
      // The last one given back: its connection is the least likely to have been closed for idleness.
      std::unique_ptr<Http> http = std::move(kept_.back());
      kept_.pop_back();
      return http;
    }
  }
  return std::make_unique<Http>(config_.transport);
}

void Service::keep_http(std::unique_ptr<Http> http) noexcept {
  try {
    const std::lock_guard<std::mutex> lock(mutex_);
    kept_.push_back(std::move(http));
  } catch (...) {  // NOLINT(bugprone-empty-catch): without memory for the list its connections are closed
  }
}

void Service::be_brief(uint32_t tries) {
  constexpr uint64_t kWaitMsMax = 5'000;
  TransportSettings& transport = config_.transport;
  config_.retries = std::min(config_.retries, tries - 1);
  transport.connect_timeout_ms = std::min(transport.connect_timeout_ms, kWaitMsMax);
  transport.stall_timeout_ms = std::min(transport.stall_timeout_ms, kWaitMsMax);
  const std::lock_guard<std::mutex> lock(mutex_);
  kept_.clear();  // They wait as long as they were made to.
}

void Service::report() const {
  if (requests_ == 0) return;
  host_.metric("s3/requests", "count", static_cast<double>(requests_));
  host_.metric("s3/connections", "count", static_cast<double>(connections_));
  host_.metric("s3/connections_at_once", "count", static_cast<double>(permits_.most()));
  host_.metric("s3/connection_wait_ns", "ns", static_cast<double>(permit_wait_ns_));
  host_.metric("s3/wire_bytes", "bytes", static_cast<double>(wire_bytes_));
  host_.metric("s3/dns_ns", "ns", static_cast<double>(dns_ns_));
  host_.metric("s3/connect_ns", "ns", static_cast<double>(connect_ns_));
  host_.metric("s3/tls_ns", "ns", static_cast<double>(tls_ns_));
  host_.metric("s3/retries", "count", static_cast<double>(faults_.total()));
  if (faults_.total() > 0) host_.disturbed("s3: " + faults_.text());

  const std::lock_guard<std::mutex> lock(mutex_);
  host_.evidence("endpoint", config_.endpoint.text());
  host_.evidence("endpoint_source", config_.endpoint_source);
  host_.evidence("region", config_.region);
  host_.evidence("region_source", config_.region_source);
  host_.evidence("addressing", config_.addressing == Addressing::path ? "path" : "virtual");
  host_.evidence("credentials", credentials_->source());
  host_.evidence("tls", tls_version_.empty() ? "not seen" : tls_version_);
  host_.evidence("http", http_version_.empty() ? "not seen" : http_version_);
  const TransportSettings& transport = config_.transport;
  host_.evidence("proxy", transport.proxy.empty() ? "none"
                                                  : sdk::without_secrets(transport.proxy) + " (from " +
                                                        config_.proxy_source + ")");
  if (!transport.no_proxy.empty()) host_.evidence("no_proxy", transport.no_proxy);
}

}  // namespace coldload::s3
