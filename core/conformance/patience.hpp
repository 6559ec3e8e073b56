// How long the kit waits for what has to happen "within 100 ms".
#pragma once

#include <unistd.h>

#include <cstdint>

#include "core/base/file.hpp"

namespace coldload::conformance {

// The contract says 100 ms. A machine that does other things at the same time gets the rest.
inline constexpr uint64_t kPatienceNs = 1'000'000'000;

inline constexpr const char* kIgnoredStop =
    "did not return within 100 ms of the host saying to stop (1 s was allowed): poll cancelled() where it "
    "waits";

// Returns once `happened` says so, or when the patience is over.
template <typename Happened>
void wait_within_patience(uint64_t since_ns, Happened&& happened) {
  while (!happened() && now_ns() - since_ns < kPatienceNs) ::usleep(1000);
}

}  // namespace coldload::conformance
