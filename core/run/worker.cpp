#include "core/run/worker.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/plugin/registry.hpp"
#include "core/run/diagnose.hpp"
#include "core/run/execute.hpp"
#include "core/run/preparation.hpp"
#include "core/run/probe.hpp"
#include "core/run/request.hpp"
#include "core/run/services.hpp"
#include "core/run/survey.hpp"

namespace coldload {
namespace {

// Events as lines on a pipe. Whole lines, since several threads log.
class PipeEvents final : public EventSink {
 public:
  explicit PipeEvents(int fd) : fd_(fd) {}
  void phase(std::string_view name) override { send({{"event", "phase"}, {"name", name}}); }
  void progress(uint64_t delivered_bytes, uint64_t total_bytes) override {
    send({{"event", "progress"}, {"delivered", delivered_bytes}, {"total", total_bytes}});
  }
  void log(uint32_t level, std::string_view message) override {
    send({{"event", "log"}, {"level", level}, {"message", json::utf8(message)}});
  }
  void answer(const json::object& event) { send(event); }

 private:
  void send(const json::object& event) {
    const std::string line = json::dump(event) + "\n";
    const std::lock_guard lock(mutex_);
    // A parent that is gone ends this process soon: nobody is left to tell.
    static_cast<void>(write_all(fd_, line).has_value());
  }
  int fd_;
  std::mutex mutex_;
};

// Watches the request pipe for the word to stop, or for the parent's end.
class CancelWatch {
 public:
  CancelWatch(int fd, std::atomic<bool>& cancelled)
      : stop_(::eventfd(0, EFD_CLOEXEC)), thread_([this, fd, &cancelled] {
          while (true) {
            pollfd waited[2] = {{fd, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
            if (::poll(waited, 2, -1) < 0 && errno == EINTR) continue;
            if (waited[1].revents != 0) return;
            if (waited[0].revents == 0) continue;
            cancelled.store(true, std::memory_order_relaxed);
            return;
          }
        }) {}
  ~CancelWatch() {
    const uint64_t one = 1;
    static_cast<void>(::write(stop_.get(), &one, sizeof one) == sizeof one);
    thread_.join();
  }
  CancelWatch(const CancelWatch&) = delete;
  CancelWatch& operator=(const CancelWatch&) = delete;

 private:
  Descriptor stop_;
  std::thread thread_;
};

struct RequestText {
  std::string line;
  bool cancelled = false;  // the word to stop came with it
};

Result<RequestText> read_line(int fd) {
  std::string line;
  char block[4096];
  while (true) {
    const ssize_t count = ::read(fd, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, "the worker's request");
    if (count == 0) return fail(Status::internal, "the worker's request ended before its newline");
    line.append(block, static_cast<size_t>(count));
    if (const size_t end = line.find('\n', line.size() - static_cast<size_t>(count)); end != line.npos) {
      return RequestText{line.substr(0, end), end + 1 < line.size()};
    }
    if (line.size() > limits::kProtocolLineBytesMax)
      return fail(Status::internal, "the worker's request is too long");
  }
}

Result<WorkerRequest> read_request(int fd, std::atomic<bool>& cancelled) {
  const auto text = read_line(fd);
  if (!text) return pass(text);
  cancelled = text->cancelled;
  const auto document = json::parse(text->line, "the worker's request");
  if (!document) return pass(document);
  return worker_request_from_json(*document);
}

json::object failure_event(const Error& error) {
  return {{"event", "failed"},
          {"status", static_cast<int32_t>(error.status)},
          {"message", json::utf8(error.message)}};
}

json::object answer_to(const WorkerRequest& request, EventSink& events, const std::atomic<bool>& cancelled,
                       uint64_t started_ns) {
  const std::vector<std::filesystem::path> files(request.plugin_files.begin(), request.plugin_files.end());
  const Registry registry = Registry::load(files);
  if (request.operation == Operation::run) {
    return {{"event", "record"},
            {"record", to_json(execute_run(request, registry, events, cancelled, started_ns))}};
  }
  const RunServices services(events, cancelled);
  if (request.operation == Operation::survey) {
    const auto survey = take_survey(request, registry, services);
    if (!survey) return failure_event(survey.error());
    return {{"event", "survey"}, {"survey", to_json(*survey)}};
  }
  if (request.operation == Operation::diagnose) {
    return {{"event", "done"}, {"facts", to_json(diagnose(request, registry, services))}};
  }
  if (request.operation == Operation::discard) {
    const auto discarded = discard_copy(request, registry, services);
    if (!discarded) return failure_event(discarded.error());
    return {{"event", "done"}};
  }
  if (request.operation == Operation::stage || request.operation == Operation::rehearse_stage) {
    const auto staged = request.operation == Operation::stage
                            ? stage_copy(request, registry, services, events)
                            : rehearse_copy(request, registry, services);
    if (!staged) return failure_event(staged.error());
    RunRecord told;
    services.collect(told);
    return {{"event", "done"},          {"disturbed", to_json(told).as_object()["disturbed"]},
            {"copied", staged->copied}, {"files", staged->files},
            {"bytes", staged->bytes},   {"copy_ns", staged->copy_ns}};
  }
  const auto probes = take_probes(request, registry, services);
  if (!probes) return failure_event(probes.error());
  json::array records;
  for (const ProbeRecord& probe : *probes) records.push_back(to_json(probe));
  // What a device is, its component told as evidence, as it does in a run.
  RunRecord told;
  services.collect(told);
  return {
      {"event", "probes"}, {"probes", std::move(records)}, {"facts", to_json(told).as_object()["evidence"]}};
}

}  // namespace

int run_worker(int request_fd, int event_fd, uint64_t started_ns) {
  PipeEvents events(event_fd);
  std::atomic<bool> cancelled{false};
  const auto request = read_request(request_fd, cancelled);
  if (!request) {
    events.answer(failure_event(request.error()));
    return 0;
  }
  const CancelWatch watch(request_fd, cancelled);
  events.answer(answer_to(*request, events, cancelled, started_ns));
  return 0;
}

}  // namespace coldload
