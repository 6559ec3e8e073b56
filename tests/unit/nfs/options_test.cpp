#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <map>
#include <string>

#include <chrono>
#include <thread>

#include "coldload/cpp/posix/descriptor.hpp"
#include "tests/support/plugin_harness.hpp"

namespace coldload::testing {
namespace {

using ::testing::HasSubstr;

TEST(NfsOptions, ExactlyOneOfPathAndUrl) {
  RecordingHost host;
  const Component neither(host, "nfs");
  EXPECT_EQ(neither.outcome().status, COLDLOAD_INVALID_OPTION);
  EXPECT_THAT(neither.outcome().message, HasSubstr("neither path nor url is given"));
  const Component both(host, "nfs", {{"path", "/mnt"}, {"url", "nfs://s/e"}});
  EXPECT_EQ(both.outcome().status, COLDLOAD_INVALID_OPTION);
  EXPECT_THAT(both.outcome().message, HasSubstr("path and url are both given"));
}

TEST(NfsOptions, WhatAMountDecidesIsRefusedBesideAPath) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"version", "3"},
                                                                      {"connections", "8"},
                                                                      {"in_flight", "1"},
                                                                      {"read_size", "64 KiB"},
                                                                      {"nfsport", "2049"},
                                                                      {"mountport", "111"},
                                                                      {"uid", "0"},
                                                                      {"gid", "0"}}) {
    RecordingHost host;
    const Component component(host, "nfs", {{"path", "/proc"}, {name, value}});
    EXPECT_EQ(component.outcome().status, COLDLOAD_INVALID_OPTION);
    EXPECT_THAT(component.outcome().message, HasSubstr(name + " has no say with path"));
  }
}

TEST(NfsOptions, APathThatIsNoNfsMountIsRefused) {
  RecordingHost host;
  const Component component(host, "nfs", {{"path", "/proc"}});
  EXPECT_EQ(component.outcome().status, COLDLOAD_INVALID_OPTION);
  EXPECT_THAT(component.outcome().message,
              HasSubstr("path /proc is no NFS mount but proc (mounted from proc at /proc)"));
}

TEST(NfsOptions, VersionThreeNeedsAnExport_AndVersionFourHasNoMountPort) {
  RecordingHost host;
  const Component three(host, "nfs", {{"url", "nfs://s/"}, {"version", "3"}});
  EXPECT_THAT(three.outcome().message, HasSubstr("names no export, which version 3 needs"));
  const Component four(host, "nfs", {{"url", "nfs://s/e"}, {"mountport", "20048"}});
  EXPECT_THAT(four.outcome().message, HasSubstr("version 4 has no mount protocol"));
}

// A listener that takes connections and never answers.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.get(), any, length) != 0 || ::listen(socket_.get(), 8) != 0 ||
        ::getsockname(socket_.get(), any, &length) != 0) {
      throw std::runtime_error("no listener on loopback");
    }
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  [[nodiscard]] OptionTexts options(const std::string& timeout) const {
    return {{"url", "nfs://127.0.0.1/models"}, {"nfsport", port()}, {"timeout", timeout}};
  }
  // Connections are refused from now on.
  void close() { socket_ = {}; }

 private:
  sdk::posix::Descriptor socket_;
  uint16_t port_ = 0;
};

TEST(NfsOptions, AServerThatSaysNothingIsAnErrorAfterTheTimeout) {
  RecordingHost host;
  const SilentServer server;
  const auto began = std::chrono::steady_clock::now();
  const Component component(host, "nfs", server.options("300 ms"));
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(component.outcome().status, COLDLOAD_TIMED_OUT);
  EXPECT_EQ(component.outcome().message,
            "nfs://127.0.0.1/models (version 4): no connection to 127.0.0.1 port " + server.port() +
                " after 0.3 s (option timeout); the server hangs or cannot be reached");
  EXPECT_GE(took, std::chrono::milliseconds(300));
  EXPECT_LT(took, std::chrono::seconds(3));
}

TEST(NfsOptions, AClosedPortIsAServerThatWasNotReached) {
  RecordingHost host;
  SilentServer server;
  server.close();
  const Component component(host, "nfs", server.options("5 s"));
  EXPECT_EQ(component.outcome().os_error, ECONNREFUSED);
  EXPECT_EQ(component.outcome().message,
            "nfs://127.0.0.1/models (version 4): the server was not reached: 127.0.0.1 port " +
                server.port() +
                ": Connection refused; nothing listens there: is the server up, and is the port right "
                "(option nfsport)?");
}

TEST(NfsOptions, VersionThreeNamesThePortsThatItAsks) {
  RecordingHost host;
  SilentServer server;
  server.close();
  const Component component(host, "nfs",
                            {{"url", "nfs://127.0.0.1/models"},
                             {"version", "3"},
                             {"nfsport", server.port()},
                             {"mountport", server.port()}});
  EXPECT_THAT(component.outcome().message,
              HasSubstr("127.0.0.1 port " + server.port() + " (mount) or " + server.port() +
                        " (NFS): Connection refused; nothing listens there"));
}

TEST(NfsOptions, WaitingForASilentServerEndsWithTheRun) {
  RecordingHost host;
  const SilentServer server;
  std::chrono::steady_clock::time_point told;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    told = std::chrono::steady_clock::now();
    host.cancelled = true;
  });
  const Component component(host, "nfs", server.options("1 min"));
  const auto ended = std::chrono::steady_clock::now();
  stopper.join();
  EXPECT_EQ(component.outcome().status, COLDLOAD_CANCELLED);
  EXPECT_LT(ended - told, std::chrono::seconds(10));  // and not the minute that the timeout would allow
}

}  // namespace
}  // namespace coldload::testing
