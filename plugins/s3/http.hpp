// Requests over connections that are kept: libcurl as transport, known to http.cpp alone. It judges nothing
// but the transport; what a status or a length means is the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sigv4.hpp"

namespace coldload::s3 {

struct TransportSettings {
  std::string proxy;     // "" is none.
  std::string no_proxy;  // Hosts that go without.
  std::string ca_file;   // "" is the system's.
  uint64_t connect_timeout_ms = 5'000;
  uint64_t stall_timeout_ms = 20'000;  // Without a byte, once connected.
};

struct HttpRequest {
  std::string method;  // "GET" or "HEAD"
  std::string url;
  Headers headers;
};

struct ResponseHead {
  int status = 0;
  std::map<std::string, std::string> headers;  // Names in lower case.

  // "" if it is not there.
  [[nodiscard]] const std::string& get(const std::string& name) const;
};

// Takes a response. Called inside Http::step(), which nothing may be thrown through.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;
  // Before the first byte of a body; false ends the request.
  [[nodiscard]] virtual bool begin(const ResponseHead& head) noexcept = 0;
  [[nodiscard]] virtual bool write(const char* data, size_t length) noexcept = 0;
};

enum class Transport {
  ok,
  refused,  // By the sink.
  dns,      // No such host.
  connect,  // Refused, unreachable, or not in time.
  tls,      // Handshake or certificate.
  proxy,
  stalled,
  reset,  // The connection ended before or amid the response.
  other,
};

struct Ended {
  uint64_t id = 0;
  Transport transport = Transport::ok;
  std::string problem;  // In words, unless ok.
  ResponseHead head;
  uint64_t wire_bytes = 0;  // Headers and body received.
  uint64_t new_connections = 0;
  uint64_t dns_ns = 0;  // Of the new connection, as the next two.
  uint64_t connect_ns = 0;
  uint64_t tls_ns = 0;
  std::string tls_version;  // "none" over plain HTTP; "" if it did not get that far.
  std::string http_version;
};

// Requests under way together and the connections they leave behind. One thread at a time.
class Http {
 public:
  explicit Http(const TransportSettings& settings);
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;
  ~Http();

  // `sink` lives until the request ended or was aborted. Never blocks.
  [[nodiscard]] uint64_t start(const HttpRequest& request, Sink& sink);
  // Moves bytes, waiting at most `timeout_ms` for some.
  void step(int timeout_ms);
  // One request that ended, as long as there are such.
  [[nodiscard]] std::optional<Ended> take_ended();
  // When it returns, no sink is called any more. The requests' connections are closed.
  void abort_all() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace coldload::s3
