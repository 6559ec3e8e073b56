#include "diagnosis.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace coldload::staged {

std::string shown_bytes(uint64_t bytes) {
  constexpr std::array<const char*, 7> kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  // 999.5 would round to four figures.
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  std::array<char, 32> text{};
  const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, value, kUnits[unit]);
  return text.data();
}

void tell_room(const std::string& shown, const Room& room, sdk::Diagnosis& out) {
  const std::string free = shown_bytes(room.free) + " free";
  if (room.free >= room.copy && room.free - room.copy >= room.reserve) {
    out.ok("room for the copy in " + shown + ": " + shown_bytes(room.copy) + " of " + free + ", reserve " +
           shown_bytes(room.reserve));
    return;
  }
  out.error(
      "no room for the copy in " + shown + ": " + free,
      "it takes " + shown_bytes(room.copy) + " and must leave a reserve of " + shown_bytes(room.reserve),
      "free some, name another target, or lower `reserve`");
}

void tell_writable(int root, const std::string& shown_root, sdk::Diagnosis& out) {
  if (::faccessat(root, ".", W_OK | X_OK, AT_EACCESS) == 0)
    return out.ok("target: " + shown_root + " may be written");
  out.error("target: " + shown_root + " may not be written", std::generic_category().message(errno),
            "name a directory of this user's, or mount it writable");
}

}  // namespace coldload::staged
