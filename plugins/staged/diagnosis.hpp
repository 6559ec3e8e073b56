// Whether a copy goes onto its target, for `coldload doctor`.
#pragma once

#include <cstdint>
#include <string>

#include "coldload/cpp/diagnose.hpp"

namespace coldload::staged {

// All in bytes.
struct Room {
  uint64_t copy = 0;
  uint64_t free = 0;
  uint64_t reserve = 0;
};

// "4.20 MB", three figures, in powers of 1000.
[[nodiscard]] std::string shown_bytes(uint64_t bytes);

// `shown` is the copy's directory.
void tell_room(const std::string& shown, const Room& room, sdk::Diagnosis& out);

// Whether this process may write below the target's root, an open directory.
void tell_writable(int root, const std::string& shown_root, sdk::Diagnosis& out);

}  // namespace coldload::staged
