// What the options say about reaching a server.
#pragma once

#include <cstdint>
#include <string>

#include "url.hpp"

namespace coldload::nfs {

// libnfs 4.0 refuses a longer answer, whatever the server offers.
inline constexpr uint64_t kReadBytesMax = uint64_t{1} << 20;

struct Settings {
  Url url;
  uint32_t version = 4;  // 3 or 4
  uint32_t connections = 4;
  uint32_t in_flight = 4;  // Requests of one read_at().
  uint64_t read_bytes = kReadBytesMax;
  uint32_t nfs_port = 0;    // 0: 2049 with version 4, the port mapper's answer with version 3.
  uint32_t mount_port = 0;  // 0: the port mapper's answer; version 4 has no such protocol.
  int64_t uid = -1;         // -1: the process's own.
  int64_t gid = -1;
  uint64_t timeout_ns = 0;  // Without a byte of an answer that something waits for.

  // "nfs://server/export (version 4)": what every message starts with.
  [[nodiscard]] std::string shown() const {
    const bool bare_address = url.server.find(':') != std::string::npos;
    return "nfs://" + (bare_address ? "[" + url.server + "]" : url.server) + url.path + " (version " +
           std::to_string(version) + ")";
  }

  // "server port 2049": what a connection is made to. Version 3 asks up to three ports, and which of them
  // failed cannot be told.
  [[nodiscard]] std::string where() const {
    if (version == 4) return url.server + " port " + std::to_string(nfs_port == 0 ? 2049 : nfs_port);
    const bool mapped = mount_port == 0 || nfs_port == 0;
    std::string ports = mapped ? "111 (port mapper)" : std::to_string(mount_port) + " (mount)";
    if (mapped && mount_port != 0) ports += " or " + std::to_string(mount_port) + " (mount)";
    ports += nfs_port == 0 ? " or one it names" : " or " + std::to_string(nfs_port) + " (NFS)";
    return url.server + " port " + ports;
  }
};

}  // namespace coldload::nfs
