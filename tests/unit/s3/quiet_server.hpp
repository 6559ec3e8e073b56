// A server on loopback that answers HEAD and ranged GETs of one object, or falls silent: for what a test
// needs to time or to watch from inside the process.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace coldload::s3 {

class QuietServer {
 public:
  explicit QuietServer(uint64_t object_bytes);
  QuietServer(const QuietServer&) = delete;
  QuietServer& operator=(const QuietServer&) = delete;
  ~QuietServer();

  [[nodiscard]] std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // The object's byte at an offset.
  [[nodiscard]] static char byte_at(uint64_t offset) { return static_cast<char>(offset * 31 + offset / 251); }

  std::atomic<bool> silent{false};  // GETs get no answer.
  std::atomic<int> delay_ms{0};     // Before a GET's answer.
  std::atomic<int> gets{0};         // Begun.
  std::atomic<int> at_once{0};
  std::atomic<int> most_at_once{0};

 private:
  void accept_all();
  void serve(int fd);
  [[nodiscard]] std::string answer(const std::string& request);

  uint64_t object_bytes_;
  int listening_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace coldload::s3
