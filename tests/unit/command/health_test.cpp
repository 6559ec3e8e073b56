// A health path asked for over and over: what counts as ready, and what does not.
#include "plugins/command/health.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "coldload/cpp/failure.hpp"
#include "plugins/command/port.hpp"

namespace coldload::command {
namespace {

using sdk::posix::Descriptor;
using ::testing::HasSubstr;
using ::testing::StartsWith;

uint64_t now() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

Descriptor listening(uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  ::listen(socket.get(), 8);
  return socket;
}

// Gives each connection one of `answers` in turn, then takes no more.
class Server {
 public:
  Server(uint16_t port, std::vector<std::string> answers)
      : socket_(listening(port)), thread_([this, answers = std::move(answers)] { serve(answers); }) {}
  ~Server() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] std::string first_request() const { return first_request_; }

 private:
  void serve(const std::vector<std::string>& answers) {
    for (const std::string& answer : answers) {
      const Descriptor client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      std::string request;
      char block[1024];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t count = ::recv(client.get(), block, sizeof block, 0);
        if (count <= 0) break;
        request.append(block, static_cast<size_t>(count));
      }
      if (first_request_.empty()) first_request_ = request;
      // In two pieces, as a network may cut it.
      ::send(client.get(), answer.data(), answer.size() / 2, MSG_NOSIGNAL);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ::send(client.get(), answer.data() + answer.size() / 2, answer.size() - answer.size() / 2,
             MSG_NOSIGNAL);
    }
  }
  Descriptor socket_;
  std::string first_request_;
  std::thread thread_;
};

// Whether it says ready within `ms`, driven as load() drives it.
bool becomes_ready(Health& health, int ms) {
  const uint64_t end = now() + static_cast<uint64_t>(ms) * 1'000'000;
  while (now() < end) {
    if (health.advance(now())) return true;
    pollfd waited{health.fd(), health.events(), 0};
    ::poll(&waited, 1, 1);
  }
  return false;
}

constexpr uint64_t kPollNs = 2'000'000;
const std::string kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

TEST(CommandHealth, IsReadyAtStatus200AndNotBefore) {
  const uint16_t port = choose_port();
  Server server(port, {kBusy, kBusy, kOk});
  Health health(port, "/health", kPollNs);
  EXPECT_TRUE(becomes_ready(health, 5'000));
  EXPECT_EQ(health.requests(), 3U);
  EXPECT_EQ(health.last(), "status 200");
  EXPECT_THAT(server.first_request(), StartsWith("GET /health HTTP/1.1\r\nHost: 127.0.0.1:"));
}

TEST(CommandHealth, IsNotReadyWhileNobodyListensNorByAnotherStatus) {
  const uint16_t port = choose_port();
  Health nobody(port, "/health", kPollNs);
  for (int i = 0; i < 100 && nobody.requests() < 2; ++i) EXPECT_FALSE(becomes_ready(nobody, 50));
  EXPECT_EQ(nobody.last(), "connection refused");
  EXPECT_GT(nobody.requests(), 1U);

  Server server(port,
                {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 404 Not Found\r\n\r\n", "200 OK\r\n\r\n"});
  Health health(port, "/health", kPollNs);
  EXPECT_FALSE(becomes_ready(health, 100));
}

TEST(CommandHealth, SaysWhatIsNotHttp) {
  const uint16_t port = choose_port();
  Server server(port, {"SSH-2.0-OpenSSH_9.2\r\n"});
  Health health(port, "/health", 10'000'000'000);
  for (int i = 0; i < 100 && health.last() != "an answer that is not HTTP"; ++i) {
    EXPECT_FALSE(becomes_ready(health, 50));
  }
  EXPECT_EQ(health.last(), "an answer that is not HTTP");
}

TEST(CommandHealth, WaitsForALateAnswerInsteadOfAskingAgain) {
  const uint16_t port = choose_port();
  const Descriptor silent = listening(port);
  Health health(port, "/health", kPollNs);
  EXPECT_FALSE(becomes_ready(health, 50));
  EXPECT_EQ(health.requests(), 1U);
  const Descriptor client(::accept4(silent.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ::send(client.get(), kOk.data(), kOk.size(), MSG_NOSIGNAL);
  EXPECT_TRUE(becomes_ready(health, 5'000));
  EXPECT_EQ(health.requests(), 1U);
}

TEST(CommandHealth, AsksAnewAfterTwoSecondsWithoutAnAnswer) {
  const uint16_t port = choose_port();
  const Descriptor silent = listening(port);
  Health health(port, "/health", kPollNs);
  const uint64_t start = now();
  EXPECT_FALSE(health.advance(start));
  EXPECT_FALSE(health.advance(start + 1'999'000'000));
  EXPECT_EQ(health.requests(), 1U);
  EXPECT_FALSE(health.advance(start + 2'000'000'000));
  EXPECT_EQ(health.requests(), 2U);
}

TEST(CommandPort, IsFreeAndNotOneThatTheKernelGivesToClients) {
  const uint16_t port = choose_port();
  EXPECT_GE(port, 10'000);
  EXPECT_LT(port, 32'768) << "unless net.ipv4.ip_local_port_range was changed";
  EXPECT_NO_THROW(require_free(port));
  const Descriptor taken = listening(port);
  try {
    require_free(port);
    FAIL() << "not refused";
  } catch (const sdk::Failure& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("port " + std::to_string(port) + " is taken"));
  }
}

}  // namespace
}  // namespace coldload::command
