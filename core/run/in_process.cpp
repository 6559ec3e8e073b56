#include "core/run/in_process.hpp"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <vector>

#include "core/base/file.hpp"
#include "core/plugin/registry.hpp"
#include "core/run/event_reader.hpp"
#include "core/run/execute.hpp"

namespace coldload {
namespace {

using End = WorkerOutcome::End;

// Several threads of a run tell events.
class DirectEvents final : public EventSink {
 public:
  DirectEvents(const Supervisor::ProgressCallback& progress, WorkerOutcome& outcome)
      : progress_(progress), outcome_(outcome) {}
  void phase(std::string_view name) override {
    const std::lock_guard lock(mutex_);
    outcome_.last.phase = name;
    outcome_.last.delivered_bytes = 0;
    outcome_.last.total_bytes = 0;
    if (progress_) progress_(outcome_.last);
  }
  void progress(uint64_t delivered_bytes, uint64_t total_bytes) override {
    const std::lock_guard lock(mutex_);
    outcome_.last.delivered_bytes = delivered_bytes;
    outcome_.last.total_bytes = total_bytes;
    if (progress_) progress_(outcome_.last);
  }
  void log(uint32_t /*level*/, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    append_bounded(outcome_.output, fmt::format("{}\n", message));
  }

 private:
  const Supervisor::ProgressCallback& progress_;
  WorkerOutcome& outcome_;
  std::mutex mutex_;
};

}  // namespace

WorkerOutcome execute_in_process(const WorkerRequest& request, const Supervisor::ProgressCallback& progress) {
  WorkerOutcome outcome;
  DirectEvents events(progress, outcome);
  const std::vector<std::filesystem::path> files(request.plugin_files.begin(), request.plugin_files.end());
  const uint64_t started_ns = now_ns();
  const Registry registry = Registry::load(files);
  const std::atomic<bool> cancelled{false};
  outcome.answer = {{"event", "record"},
                    {"record", to_json(execute_run(request, registry, events, cancelled, started_ns))}};
  outcome.answered_after_ns = now_ns() - started_ns;
  outcome.end = End::answered;
  return outcome;
}

}  // namespace coldload
