// Turns what a request ended with into a failure that says what to try.
#pragma once

#include <ctime>
#include <string>

#include "coldload/cpp/failure.hpp"
#include "config.hpp"
#include "http.hpp"

namespace coldload::s3 {

// A request's end, as far as a message needs it.
struct Outcome {
  std::string subject;  // "s3://models/a.bin: bytes 0-99" or "s3://models/x: listing"
  Transport transport = Transport::ok;
  std::string problem;
  ResponseHead head;
  std::string body;  // Of an error: the start of its document.
  uint32_t tries = 1;
  uint64_t elapsed_ms = 0;
  std::time_t now = 0;
};

// Never repeats a server's own words other than its error code. os_error is the HTTP status negated.
[[nodiscard]] sdk::Failure explain(const Outcome& outcome, const Config& config,
                                   const std::string& credentials_source);

// How far our clock is from the server's Date, in seconds, positive when we are ahead; 0 without a Date.
[[nodiscard]] long clock_skew_seconds(const ResponseHead& head, std::time_t now);

}  // namespace coldload::s3
