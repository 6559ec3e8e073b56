// Makes events out of what a worker writes, and keeps the end of its output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/run/supervisor.hpp"

namespace coldload {

// Appends a worker's words, at most limits::kWorkerOutputBytesMax in all: the end tells why something died,
// the beginning is dropped.
void append_bounded(std::string& output, std::string_view bytes);

class EventReader {
 public:
  explicit EventReader(const Supervisor::ProgressCallback& callback) : callback_(callback) {}

  void start();
  void take_events(std::string_view bytes);
  void take_output(std::string_view bytes);

  [[nodiscard]] const json::object& answer() const { return answer_; }
  [[nodiscard]] const WorkerProgress& progress() const { return progress_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] uint64_t answered_after_ns() const { return answered_after_ns_; }

 private:
  void take_line(std::string_view line);

  const Supervisor::ProgressCallback& callback_;
  uint64_t started_ns_ = 0;
  std::string pending_;  // an event whose newline has not come
  json::object answer_;
  uint64_t answered_after_ns_ = 0;
  WorkerProgress progress_;
  std::string output_;
};

}  // namespace coldload
