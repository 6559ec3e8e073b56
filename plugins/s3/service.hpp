// What every request of one backend shares: the settled configuration, the credentials, the connections that
// are kept, the limit on requests at once, and the counts that a record shows.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "coldload/cpp/host.hpp"
#include "config.hpp"
#include "credentials.hpp"
#include "http.hpp"
#include "retry.hpp"

namespace coldload::s3 {

// At most `count` requests under way at once over all threads. [any-thread]
class Permits {
 public:
  explicit Permits(uint32_t count) : free_(static_cast<int64_t>(count)), count_(count) {}
  [[nodiscard]] bool try_take();
  void give_back();
  // The most that were out at once.
  [[nodiscard]] uint64_t most() const { return most_.load(); }

 private:
  std::atomic<int64_t> free_;
  uint32_t count_;
  std::atomic<uint64_t> most_{0};
};

// What a request is, before its signature.
struct Plan {
  std::string method = "GET";
  std::string key;  // Full, from the bucket's root; "" is the bucket.
  Query query;
  Headers headers;
};

// [any-thread], unless told otherwise
class Service {
 public:
  Service(sdk::Host host, Config config, std::unique_ptr<Credentials> credentials);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] const sdk::Host& host() const { return host_; }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const std::string& credentials_source() const { return credentials_->source(); }
  // Of the first response: "TLSv1.3", "none" over plain HTTP; "" before there was one.
  [[nodiscard]] std::string tls_version() const;
  [[nodiscard]] Permits& permits() { return permits_; }

  // Signed for now; asks for credentials where they have expired.
  [[nodiscard]] HttpRequest signed_request(const Plan& plan);
  // Notes what a request that ended cost and found.
  void count(const Ended& ended);
  void count_retry(const std::string& fault) { faults_.add(fault); }
  void count_wait(uint64_t wait_ns) { permit_wait_ns_ += wait_ns; }

  // One thread's connections, taken for a call and kept for the next one that comes.
  [[nodiscard]] std::unique_ptr<Http> take_http();
  void keep_http(std::unique_ptr<Http> http) noexcept;

  // [control-thread] From now on at most `tries` of a request, and no wait of more than 5 s within one. No
  // request may be under way.
  void be_brief(uint32_t tries);
  // [control-thread] Metrics and evidence of everything so far, to the host.
  void report() const;

 private:
  sdk::Host host_;
  Config config_;
  std::unique_ptr<Credentials> credentials_;
  Permits permits_;
  FaultCounts faults_;

  std::atomic<uint64_t> requests_{0};
  std::atomic<uint64_t> connections_{0};
  std::atomic<uint64_t> wire_bytes_{0};
  std::atomic<uint64_t> dns_ns_{0};
  std::atomic<uint64_t> connect_ns_{0};
  std::atomic<uint64_t> tls_ns_{0};
  std::atomic<uint64_t> permit_wait_ns_{0};

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Http>> kept_;
  std::string tls_version_;
  std::string http_version_;
};

}  // namespace coldload::s3
