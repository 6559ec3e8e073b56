#include "exchange.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <thread>
#include <utility>

namespace coldload::s3 {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kErrorBodyMax = size_t{64} << 10;
constexpr int kStepMs = 20;  // Between two looks at cancelled().

uint64_t ms_since(Clock::time_point begin) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count());
}

uint32_t seed() {
  std::random_device device;
  return device();
}

void sleep_cancellably(const sdk::Host& host, uint64_t delay_ms) {
  const auto end = Clock::now() + std::chrono::milliseconds(delay_ms);
  for (;;) {
    host.throw_if_cancelled();
    const auto now = Clock::now();
    if (now >= end) return;
    std::this_thread::sleep_for(std::min<Clock::duration>(end - now, std::chrono::milliseconds(kStepMs)));
  }
}

// A place among the requests at once, waited for; given back at the end.
class Permit {
 public:
  explicit Permit(Service& service) : service_(service) {
    if (service.permits().try_take()) return;
    const auto begin = Clock::now();
    while (!service.permits().try_take()) sleep_cancellably(service.host(), 1);
    service.count_wait(static_cast<uint64_t>((Clock::now() - begin) / std::chrono::nanoseconds(1)));
  }
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;
  ~Permit() { service_.permits().give_back(); }

 private:
  Service& service_;
};

// Connections borrowed for a call. What is under way when it fails is aborted before they are kept.
class Borrowed {
 public:
  explicit Borrowed(Service& service) : service_(service), http_(service.take_http()) {}
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  ~Borrowed() {
    http_->abort_all();
    service_.keep_http(std::move(http_));
  }
  Http& operator*() { return *http_; }

 private:
  Service& service_;
  std::unique_ptr<Http> http_;
};

Ended send(Service& service, Http& http, Exchange& exchange) {
  (void)http.start(exchange.request(), exchange);
  for (;;) {
    service.host().throw_if_cancelled();
    http.step(kStepMs);
    if (auto end = http.take_ended()) return std::move(*end);
  }
}

}  // namespace

Exchange::Exchange(Service& service) : service_(service), backoff_(seed()), first_try_(Clock::now()) {}

bool Exchange::begin(const ResponseHead& head) noexcept {
  is_error_ = head.status < 200 || head.status > 299;
  error_body_.clear();
  return is_error_ || accept(head);
}

bool Exchange::write(const char* data, size_t length) noexcept {
  if (!is_error_) return take(data, length);
  try {
    error_body_.append(data, std::min(length, kErrorBodyMax - std::min(kErrorBodyMax, error_body_.size())));
    return true;
  } catch (...) {
    return false;
  }
}

Next Exchange::ended(const Ended& ended) {
  service_.count(ended);
  ++tries_;
  const bool success = ended.head.status >= 200 && ended.head.status <= 299;
  const bool whole = ended.transport == Transport::ok || ended.transport == Transport::refused;
  if (!success || !whole) return again_or_throw(ended.transport, ended.problem, ended.head);
  switch (judge(ended)) {
    case Verdict::finished:
      return {Next::What::finished, 0};
    case Verdict::cut_short:
      // A body without a length ends where its connection does: curl calls that a success.
      return again_or_throw(Transport::reset, "the body is too short", ended.head);
    case Verdict::send_next:
      break;
  }
  tries_ = 0;
  first_try_ = Clock::now();
  return {Next::What::send, 0};
}

Next Exchange::again_or_throw(Transport transport, const std::string& problem, const ResponseHead& head) {
  const auto fault = passing_fault(transport, head.status);
  Outcome outcome;
  outcome.body = std::exchange(error_body_, {});
  if (fault && tries_ <= service_.config().retries) {
    service_.count_retry(*fault);
    return {Next::What::wait_then_send, backoff_.delay_ms(tries_)};
  }
  outcome.subject = subject();
  outcome.transport = transport;
  outcome.problem = problem;
  outcome.head = head;
  outcome.tries = tries_;
  outcome.elapsed_ms = ms_since(first_try_);
  outcome.now = std::time(nullptr);
  throw explain(outcome, service_.config(), service_.credentials_source());
}

void perform(Service& service, Exchange& exchange) {
  const Permit permit(service);
  Borrowed http(service);
  for (;;) {
    const Next next = exchange.ended(send(service, *http, exchange));
    if (next.what == Next::What::finished) return;
    if (next.what == Next::What::wait_then_send) sleep_cancellably(service.host(), next.delay_ms);
  }
}

}  // namespace coldload::s3
