// One piece of work made of requests: what to send next, what to make of each end. Driven by perform() on the
// calling thread, or many together by a queue.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "explain.hpp"
#include "http.hpp"
#include "retry.hpp"
#include "service.hpp"

namespace coldload::s3 {

// What an exchange does next.
struct Next {
  enum class What { finished, send, wait_then_send } what = What::finished;
  uint64_t delay_ms = 0;
};

class Exchange : public Sink {
 public:
  explicit Exchange(Service& service);

  [[nodiscard]] HttpRequest request() { return service_.signed_request(plan()); }
  // After each request; throws what the exchange fails with.
  [[nodiscard]] Next ended(const Ended& ended);

  bool begin(const ResponseHead& head) noexcept override;
  bool write(const char* data, size_t length) noexcept override;

 protected:
  [[nodiscard]] virtual Plan plan() = 0;
  // "s3://models/a.bin: bytes 0-99"
  [[nodiscard]] virtual std::string subject() const = 0;
  // The body of a response with status 200 to 299.
  [[nodiscard]] virtual bool accept(const ResponseHead& head) noexcept = 0;
  [[nodiscard]] virtual bool take(const char* data, size_t length) noexcept = 0;
  enum class Verdict { finished, send_next, cut_short };
  // Such a response ended, or was refused by accept() or take(): judges it. Throws where it is no answer.
  [[nodiscard]] virtual Verdict judge(const Ended& ended) = 0;

  Service& service_;

 private:
  [[nodiscard]] Next again_or_throw(Transport transport, const std::string& problem,
                                    const ResponseHead& head);

  Backoff backoff_;
  uint32_t tries_ = 0;
  std::chrono::steady_clock::time_point first_try_;
  bool is_error_ = false;
  std::string error_body_;
};

// Drives it to its end on this thread. Throws CANCELLED within 100 ms of the host saying so.
void perform(Service& service, Exchange& exchange);

}  // namespace coldload::s3
