#include "diagnosis.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <string>

namespace coldload::nfs {
namespace {

// What Linux asks for where the server allows it, and what one reader needs to have the next answer under
// way.
constexpr uint64_t kReadBytesGood = uint64_t{1} << 20;
constexpr uint64_t kReadAheadGoodKib = 1024;

uint64_t number_in(const std::string& text) {
  uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() ? number : 0;
}

void tell_read_size(const Mount& mount, sdk::Diagnosis& out) {
  const uint64_t bytes = number_in(mount_option(mount.options, "rsize"));
  if (bytes == 0) return;
  const std::string fact = "read size: " + std::to_string(bytes >> 10) + " KiB a request";
  if (bytes >= kReadBytesGood) return out.ok(fact);
  out.warning(fact, "small requests cost a round trip each",
              "mount with rsize=1048576; where that does not take, the server's own limit is lower");
}

void tell_connections(const Mount& mount, sdk::Diagnosis& out) {
  const uint64_t count = number_in(mount_option(mount.options, "nconnect"));
  if (count > 1) return out.ok("connections: " + std::to_string(count));
  out.warning(
      "connections: 1", "all requests of the mount share one TCP connection, which one core serves",
      "mount with nconnect=4 or more; mounts of the same server share it, so unmount all of them first");
}

void tell_read_ahead(const Mount& mount, uint64_t kib, sdk::Diagnosis& out) {
  const std::string fact =
      kib == 0 ? std::string("read-ahead: off") : "read-ahead: " + std::to_string(kib) + " KiB";
  if (kib >= kReadAheadGoodKib) return out.ok(fact);
  out.warning(fact, "one thread that reads front to back waits for the network again and again",
              "echo 16384 > /sys/class/bdi/" + mount.device + "/read_ahead_kb, as root");
}

}  // namespace

void tell_mounted(const Mount& mount, uint64_t read_ahead_kib, sdk::Diagnosis& out) {
  const std::string version = mount_option(mount.options, "vers");
  out.ok("mount: " + mount.type + " at " + mount.point + ", from " + mount.source +
         (version.empty() ? std::string() : ", version " + version));
  tell_read_size(mount, out);
  tell_connections(mount, out);
  tell_read_ahead(mount, read_ahead_kib, out);
}

void tell_server(const Settings& settings, uint64_t connect_ns, sdk::Diagnosis& out) {
  char milliseconds[32] = "";
  if (connect_ns != 0) {
    std::snprintf(milliseconds, sizeof milliseconds, " in %.1f ms", static_cast<double>(connect_ns) * 1e-6);
  }
  out.ok("export: " + settings.shown() + " connected and mounted" + milliseconds);
  const int64_t uid = settings.uid < 0 ? static_cast<int64_t>(::geteuid()) : settings.uid;
  const int64_t gid = settings.gid < 0 ? static_cast<int64_t>(::getegid()) : settings.gid;
  const std::string who = "asks as: uid " + std::to_string(uid) + ", gid " + std::to_string(gid);
  out.ok(uid == 0 ? who + "; most exports make nobody of root, so the files must be readable by all" : who);
  out.ok("requests: up to " + std::to_string(settings.read_bytes >> 10) + " KiB, " +
         std::to_string(settings.in_flight) + " at once for each of " + std::to_string(settings.connections) +
         " connections");
}

}  // namespace coldload::nfs
