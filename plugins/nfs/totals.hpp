// What all connections of one backend add up to: its metrics.
#pragma once

#include <atomic>
#include <cstdint>

namespace coldload::nfs {

struct Totals {
  std::atomic<uint64_t> requests{0};  // READs sent.
  std::atomic<uint64_t> wire_bytes{
      0};  // Received by TCP, of connections that ended; headers of RPC included.
  std::atomic<uint64_t> connections{0};  // That were mounted.
  std::atomic<uint64_t> connect_ns{0};   // Of all of them together, from the first packet to mounted.
};

}  // namespace coldload::nfs
