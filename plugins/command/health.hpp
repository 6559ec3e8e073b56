// Asks a server on this machine whether it is ready, over and over, without ever waiting.
#pragma once

#include <cstdint>
#include <string>

#include "coldload/cpp/posix/descriptor.hpp"

namespace coldload::command {

// One GET of `path` on 127.0.0.1 at a time. A new one begins `poll_ns` after the last began, at the earliest;
// one that is answered late is waited for: the answer comes the moment the server is ready to give it.
class Health {
 public:
  Health(uint16_t port, const std::string& path, uint64_t poll_ns);

  // Goes on as far as it can. True once the server has answered with status 200.
  [[nodiscard]] bool advance(uint64_t now_ns);
  // For poll(2): what a request under way waits for; -1 between two.
  [[nodiscard]] int fd() const { return socket_ ? socket_.get() : -1; }
  [[nodiscard]] short events() const;
  // When to call advance() again at the latest.
  [[nodiscard]] uint64_t next_ns() const;

  [[nodiscard]] uint64_t requests() const { return requests_; }
  // What became of the last one: "connection refused", "status 503".
  [[nodiscard]] const std::string& last() const { return last_; }

 private:
  void begin(uint64_t now_ns);
  void connected();
  void send();
  [[nodiscard]] bool receive();
  void end(const std::string& why);

  uint16_t port_;
  std::string request_;
  uint64_t poll_ns_;
  sdk::posix::Descriptor socket_;
  bool connecting_ = false;
  size_t sent_ = 0;
  std::string answer_;
  uint64_t began_ns_ = 0;
  uint64_t requests_ = 0;
  std::string last_ = "no answer";
};

}  // namespace coldload::command
