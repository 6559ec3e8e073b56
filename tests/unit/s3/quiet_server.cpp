#include "quiet_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace coldload::s3 {
namespace {

constexpr int kLookMs = 10;

bool readable(int fd) {
  pollfd waited{fd, POLLIN, 0};
  return ::poll(&waited, 1, kLookMs) > 0;
}

void send_all(int fd, const std::string& text) {
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t now = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) return;
    sent += static_cast<size_t>(now);
  }
}

}  // namespace

QuietServer::QuietServer(uint64_t object_bytes) : object_bytes_(object_bytes) {
  listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool ready = ::bind(listening_, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     ::listen(listening_, 64) == 0 &&
                     ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  if (!ready) throw std::runtime_error("no socket to listen on");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

QuietServer::~QuietServer() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  ::close(listening_);
}

void QuietServer::accept_all() {
  while (!stopping_) {
    if (!readable(listening_)) continue;
    const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) connections_.emplace_back([this, fd] { serve(fd); });
  }
}

void QuietServer::serve(int fd) {
  std::string received;
  while (!stopping_) {
    const size_t end = received.find("\r\n\r\n");
    if (end != std::string::npos) {
      send_all(fd, answer(received.substr(0, end)));
      received.erase(0, end + 4);
      continue;
    }
    if (!readable(fd)) continue;
    char chunk[4096];
    const ssize_t got = ::recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0) break;
    received.append(chunk, static_cast<size_t>(got));
  }
  ::close(fd);
}

std::string QuietServer::answer(const std::string& request) {
  if (request.compare(0, 5, "HEAD ") == 0) {
    return "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: " + std::to_string(object_bytes_) + "\r\n\r\n";
  }
  ++gets;
  const int now = ++at_once;
  for (int most = most_at_once; now > most && !most_at_once.compare_exchange_weak(most, now);) {
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(delay_ms);
  while (!stopping_ && (silent || std::chrono::steady_clock::now() < end)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  unsigned long long first = 0;
  unsigned long long last = 0;
  const size_t range = request.find("bytes=");
  if (range == std::string::npos ||
      std::sscanf(request.c_str() + range, "bytes=%llu-%llu", &first, &last) != 2) {
    return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
  }
  std::string text =
      "HTTP/1.1 206 Partial Content\r\nETag: \"e\"\r\nContent-Length: " + std::to_string(last - first + 1) +
      "\r\nContent-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
      std::to_string(object_bytes_) + "\r\n\r\n";
  for (uint64_t offset = first; offset <= last; ++offset) text += byte_at(offset);
  --at_once;
  return text;
}

}  // namespace coldload::s3
