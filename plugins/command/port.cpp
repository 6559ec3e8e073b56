#include "port.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <fstream>
#include <string>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/posix/descriptor.hpp"

namespace coldload::command {
namespace {

constexpr uint32_t kLowest = 10'000;
constexpr uint32_t kClientsFrom = 32'768;  // Linux' own default, where /proc does not say
constexpr uint32_t kTries = 1'000;

// errno of binding to the port on every address, or 0. What a server of ours that has ended left behind
// (TIME_WAIT) is no hindrance.
int try_port(uint32_t port) {
  const sdk::posix::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
  // Two may be bound to one port with SO_REUSEADDR while neither listens.
  return ::listen(socket.get(), 1) == 0 ? 0 : errno;
}

uint32_t clients_from() {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  uint32_t low = 0;
  return file >> low ? low : kClientsFrom;
}

}  // namespace

uint16_t choose_port() {
  const uint32_t end = clients_from();
  if (end <= kLowest) {
    throw sdk::Failure(COLDLOAD_UNSUPPORTED, "no port below those of clients, which begin at " +
                                                 std::to_string(end) +
                                                 " (net.ipv4.ip_local_port_range): set port");
  }
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto start = static_cast<uint32_t>(now.tv_nsec / 1'000) + static_cast<uint32_t>(::getpid()) * 7'919U;
  for (uint32_t i = 0; i < kTries; ++i) {
    const uint32_t port = kLowest + (start + i) % (end - kLowest);
    if (try_port(port) == 0) return static_cast<uint16_t>(port);
  }
  throw sdk::Failure(COLDLOAD_IO_ERROR, "no free port among " + std::to_string(kTries) + " between " +
                                            std::to_string(kLowest) + " and " + std::to_string(end) +
                                            ": set port");
}

void require_free(uint16_t port) {
  const int failed = try_port(port);
  if (failed == 0) return;
  if (failed == EADDRINUSE) {
    throw sdk::Failure(
        COLDLOAD_IO_ERROR,
        "port " + std::to_string(port) +
            " is taken: whoever listens there would answer for the program; stop it, or set port = 0, "
            "which chooses a free one",
        failed);
  }
  throw sdk::os_failure(failed, "port " + std::to_string(port));
}

}  // namespace coldload::command
