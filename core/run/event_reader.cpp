#include "core/run/event_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"

namespace coldload {
namespace {

constexpr std::array<std::string_view, 5> kAnswers = {"record", "survey", "probes", "done", "failed"};

}  // namespace

void EventReader::start() {
  started_ns_ = now_ns();
}

void EventReader::take_events(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      pending_ += bytes;
      // Only a plugin that writes to descriptors it does not own gets here.
      if (pending_.size() > limits::kProtocolLineBytesMax) pending_.clear();
      return;
    }
    pending_ += bytes.substr(0, end);
    take_line(pending_);
    pending_.clear();
    bytes.remove_prefix(end + 1);
  }
}

void EventReader::take_line(std::string_view line) {
  const auto document = json::parse(line, "the worker's event");
  const json::object* event = document ? document->if_object() : nullptr;
  if (event == nullptr) {
    take_output(fmt::format("not an event: {}\n", json::utf8(line.substr(0, 200))));
    return;
  }
  const std::string_view kind = json::text_or(*event, "event");
  if (kind == "phase") {
    progress_.phase = json::text_or(*event, "name");
    progress_.delivered_bytes = 0;
    progress_.total_bytes = 0;
    if (callback_) callback_(progress_);
  } else if (kind == "progress") {
    progress_.delivered_bytes = json::unsigned_or(*event, "delivered");
    progress_.total_bytes = json::unsigned_or(*event, "total");
    if (callback_) callback_(progress_);
  } else if (kind == "log") {
    take_output(fmt::format("{}\n", json::text_or(*event, "message")));
  } else if (std::ranges::find(kAnswers, kind) == kAnswers.end()) {
    take_output(fmt::format("not an event: {}\n", json::utf8(line.substr(0, 200))));
  } else if (answer_.empty()) {
    answer_ = *event;
    answered_after_ns_ = now_ns() - started_ns_;
  }
}

void EventReader::take_output(std::string_view bytes) {
  append_bounded(output_, bytes);
}

void append_bounded(std::string& output, std::string_view bytes) {
  output += bytes;
  if (output.size() > limits::kWorkerOutputBytesMax) {
    output.erase(0, output.size() - limits::kWorkerOutputBytesMax);
  }
}

}  // namespace coldload
