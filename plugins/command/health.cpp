#include "health.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace coldload::command {
namespace {

// A server that took the connection and says nothing for this long is asked anew.
constexpr uint64_t kAnswerNs = 2'000'000'000;
constexpr size_t kAnswerBytesMax = size_t{64} << 10;
constexpr std::string_view kVersion = "HTTP/1.";  // then a digit, a space and the status

std::string in_words(int os_error) {
  std::string words = std::generic_category().message(os_error);
  if (!words.empty() && words[0] >= 'A' && words[0] <= 'Z')
    words[0] = static_cast<char>(words[0] - 'A' + 'a');
  return words;
}

// "200" of "HTTP/1.1 200 OK"; "" as long as that has not come, or is something else.
std::string_view status_in(std::string_view answer) {
  constexpr size_t kStatusAt = kVersion.size() + 2;
  if (answer.size() < kStatusAt + 3 || answer.substr(0, kVersion.size()) != kVersion) return {};
  return answer.substr(kStatusAt, 3);
}

// Of a client that was given the very port it asks for, and so connected to itself.
bool is_connected_to_itself(int fd, uint16_t port) {
  sockaddr_in own{};
  socklen_t length = sizeof own;
  return ::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &length) == 0 && ntohs(own.sin_port) == port;
}

}  // namespace

Health::Health(uint16_t port, const std::string& path, uint64_t poll_ns)
    : port_(port),
      request_("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
               "\r\nUser-Agent: coldload\r\nConnection: close\r\n\r\n"),
      poll_ns_(poll_ns) {}

short Health::events() const {
  return connecting_ || sent_ < request_.size() ? POLLOUT : POLLIN;
}

uint64_t Health::next_ns() const {
  if (requests_ == 0) return 0;
  return began_ns_ + (socket_ ? kAnswerNs : poll_ns_);
}

bool Health::advance(uint64_t now_ns) {
  if (socket_ && now_ns >= began_ns_ + kAnswerNs) end("no answer within 2 s");
  if (!socket_) {
    if (now_ns < next_ns()) return false;
    begin(now_ns);
  } else if (connecting_) {
    int failed = 0;
    socklen_t length = sizeof failed;
    pollfd state{socket_.get(), POLLOUT, 0};
    if (::poll(&state, 1, 0) != 1) return false;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &failed, &length);
    if (failed == 0) {
      connected();
    } else {
      end(in_words(failed));
    }
  }
  if (socket_ && !connecting_ && sent_ < request_.size()) send();
  return socket_ && sent_ == request_.size() && receive();
}

void Health::begin(uint64_t now_ns) {
  began_ns_ = now_ns;
  ++requests_;
  sent_ = 0;
  answer_.clear();
  socket_ = sdk::posix::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) return end(in_words(errno));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return connected();
  if (errno != EINPROGRESS) return end(in_words(errno));
  connecting_ = true;
}

void Health::connected() {
  connecting_ = false;
  if (!is_connected_to_itself(socket_.get(), port_)) return;
  // Gone at once and without TIME_WAIT: the program wants this port.
  const linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  end(in_words(ECONNREFUSED));
}

void Health::send() {
  const ssize_t count =
      ::send(socket_.get(), request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count >= 0) {
    sent_ += static_cast<size_t>(count);
  } else if (errno != EAGAIN && errno != EINTR) {
    end(in_words(errno));
  }
}

// Reads to the end of an answer that is no 200, so that the server is not cut short.
bool Health::receive() {
  std::array<char, 4096> block{};
  while (socket_) {
    const ssize_t count = ::recv(socket_.get(), block.data(), block.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    const int failed = count < 0 ? errno : 0;
    if (count > 0) answer_.append(block.data(), static_cast<size_t>(count));
    const std::string status(status_in(answer_));
    if (!status.empty()) last_ = "status " + status;
    if (status == "200") return true;
    if (count > 0 && answer_.size() < kAnswerBytesMax) continue;
    end(!status.empty() ? last_ : failed != 0 ? in_words(failed) : "an answer that is not HTTP");
  }
  return false;
}

void Health::end(const std::string& why) {
  socket_ = sdk::posix::Descriptor();
  connecting_ = false;
  last_ = why;
}

}  // namespace coldload::command
