#include "core/run/supervisor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/run/event_reader.hpp"
#include "core/run/execute.hpp"
#include "core/run/worker.hpp"

namespace coldload {
namespace {

using End = WorkerOutcome::End;

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "pipe2");
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

struct ChildEnds {
  int request;
  int events;
  int output;
};

// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void become_worker(const char* executable, const ChildEnds& ends, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before that was set.
  if (::getppid() != parent) ::_exit(127);
  Interrupt::reset_in_child();
  // Through numbers above all of them, so that no dup2 closes what another still needs: a parent started
  // without standard input has a pipe at 0.
  const int request = ::fcntl(ends.request, F_DUPFD_CLOEXEC, 16);
  const int events = ::fcntl(ends.events, F_DUPFD_CLOEXEC, 16);
  const int output = ::fcntl(ends.output, F_DUPFD_CLOEXEC, 16);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null > STDIN_FILENO) ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::dup2(request, kWorkerRequestFd);
  ::dup2(events, kWorkerEventFd);
  const char* arguments[] = {executable, "worker", nullptr};
  ::execv(executable, const_cast<char* const*>(arguments));
  ::_exit(127);
}

// One worker process while it lives.
class Worker {
 public:
  Worker(Interrupt& interrupt, const Supervisor::ProgressCallback& progress)
      : interrupt_(interrupt), reader_(progress) {}

  [[nodiscard]] Result<void> start(const std::filesystem::path& executable, const WorkerRequest& request);
  WorkerOutcome watch(uint64_t timeout_ns);

 private:
  enum class Wake { worker_ended, deadline, interrupted };
  Wake wait_until(uint64_t deadline_ns, bool heed_interrupt);
  void stop(uint64_t kill_grace_ms);
  void send();
  void read_pipes();
  void reap(WorkerOutcome& outcome);

  Interrupt& interrupt_;
  EventReader reader_;
  pid_t pid_ = -1;
  Descriptor pidfd_;
  Descriptor request_;
  std::string unsent_;
  Descriptor events_;
  Descriptor output_;
};

Result<void> Worker::start(const std::filesystem::path& executable, const WorkerRequest& request) {
  auto request_pipe = make_pipe();
  auto event_pipe = make_pipe();
  auto output_pipe = make_pipe();
  if (!request_pipe) return pass(request_pipe);
  if (!event_pipe) return pass(event_pipe);
  if (!output_pipe) return pass(output_pipe);
  reader_.start();
  const pid_t parent = ::getpid();
  const ChildEnds ends{request_pipe->read.get(), event_pipe->write.get(), output_pipe->write.get()};
  pid_ = ::fork();
  if (pid_ < 0) return fail_errno(errno, "fork");
  if (pid_ == 0) become_worker(executable.c_str(), ends, parent);
  ::setpgid(pid_, pid_);
  pidfd_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  request_ = std::move(request_pipe->write);
  events_ = std::move(event_pipe->read);
  output_ = std::move(output_pipe->read);
  for (const Descriptor* pipe : {&request_, &events_, &output_}) ::fcntl(pipe->get(), F_SETFL, O_NONBLOCK);
  unsent_ = json::dump(to_json(request)) + "\n";
  return {};
}

// As much as the pipe takes: a worker that hangs before it reads must not hold up its watchdog.
void Worker::send() {
  while (!unsent_.empty()) {
    const ssize_t count = ::write(request_.get(), unsent_.data(), unsent_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    // A worker that died at once makes this fail; its end is seen by itself.
    unsent_.erase(0, count < 0 ? std::string::npos : static_cast<size_t>(count));
  }
}

// What is there, but not for ever: a worker that writes as fast as this reads still meets its deadline. A
// pipe holds less than one turn reads, so that nothing is lost at the end.
void Worker::read_pipes() {
  constexpr size_t kBlocksPerTurn = 64;
  std::array<char, 65536> block{};
  for (const bool is_events : {true, false}) {
    Descriptor& pipe = is_events ? events_ : output_;
    for (size_t turn = 0; turn < kBlocksPerTurn && pipe.valid(); ++turn) {
      const ssize_t count = ::read(pipe.get(), block.data(), block.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) break;
      if (count == 0) {
        pipe.reset();
        break;
      }
      const std::string_view text(block.data(), static_cast<size_t>(count));
      is_events ? reader_.take_events(text) : reader_.take_output(text);
    }
  }
}

Worker::Wake Worker::wait_until(uint64_t deadline_ns, bool heed_interrupt) {
  while (true) {
    send();
    read_pipes();
    if (heed_interrupt && interrupt_.pending()) return Wake::interrupted;
    const uint64_t now = now_ns();
    if (now >= deadline_ns) return Wake::deadline;
    std::array<pollfd, 5> waited = {{{pidfd_.get(), POLLIN, 0},
                                     {events_.get(), POLLIN, 0},
                                     {output_.get(), POLLIN, 0},
                                     {heed_interrupt ? interrupt_.fd() : -1, POLLIN, 0},
                                     {unsent_.empty() ? -1 : request_.get(), POLLOUT, 0}}};
    const auto wait_ms = static_cast<int>(std::min<uint64_t>((deadline_ns - now) / 1'000'000 + 1, 1000));
    if (::poll(waited.data(), waited.size(), wait_ms) < 0 && errno != EINTR) return Wake::deadline;
    if (waited[0].revents != 0) {
      read_pipes();
      return Wake::worker_ended;
    }
  }
}

// The word on the pipe, then SIGKILL to the group.
void Worker::stop(uint64_t kill_grace_ms) {
  unsent_ += "cancel\n";
  if (wait_until(now_ns() + limits::kCancelGraceMs * 1'000'000, false) == Wake::worker_ended) return;
  ::kill(-pid_, SIGKILL);
  wait_until(now_ns() + kill_grace_ms * 1'000'000, false);
}

void Worker::reap(WorkerOutcome& outcome) {
  // Whatever it started goes with it; before it is reaped, while its number is still its group's.
  ::kill(-pid_, SIGKILL);
  int status = 0;
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended != pid_) {
    outcome.hung = true;
    return;
  }
  if (outcome.end == End::timed_out || outcome.end == End::interrupted) return;
  if (WIFSIGNALED(status)) {
    outcome.end = End::signalled;
    outcome.signal = WTERMSIG(status);
  } else if (WEXITSTATUS(status) != 0 || reader_.answer().empty()) {
    outcome.end = End::exited;
    outcome.exit_status = WEXITSTATUS(status);
  } else {
    outcome.end = End::answered;
  }
}

WorkerOutcome Worker::watch(uint64_t timeout_ns) {
  WorkerOutcome outcome;
  outcome.end = End::exited;
  const Wake wake = wait_until(now_ns() + timeout_ns, true);
  if (wake != Wake::worker_ended) {
    const bool interrupted = wake == Wake::interrupted;
    outcome.end = interrupted ? End::interrupted : End::timed_out;
    // Somebody waits at the terminal: less patience with a worker stuck in the kernel.
    stop(interrupted ? 1000 : limits::kKillGraceMs);
  }
  read_pipes();
  reap(outcome);
  outcome.answer = reader_.answer();
  outcome.last = reader_.progress();
  outcome.output = reader_.output();
  outcome.answered_after_ns = reader_.answered_after_ns();
  return outcome;
}

}  // namespace

WorkerOutcome Supervisor::execute(const WorkerRequest& request, uint64_t timeout_ns,
                                  const ProgressCallback& progress) {
  Worker worker(interrupt_, progress);
  auto started = worker.start(executable_, request);
  if (!started) {
    WorkerOutcome outcome;
    outcome.reason = "the worker could not be started: " + started.error().message;
    return outcome;
  }
  return worker.watch(timeout_ns);
}

namespace {

// Several threads of a run tell events.
class DirectEvents final : public EventSink {
 public:
  DirectEvents(const Supervisor::ProgressCallback& progress, WorkerOutcome& outcome)
      : progress_(progress), outcome_(outcome) {}
  void phase(std::string_view name) override {
    const std::lock_guard lock(mutex_);
    outcome_.last.phase = name;
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

std::string where(const WorkerProgress& last) {
  std::string text = last.phase.empty() ? "before its first phase" : fmt::format("in phase {}", last.phase);
  if (last.phase == "load" && last.total_bytes != 0) {
    text += fmt::format(", {} of {} delivered", format_bytes_decimal(last.delivered_bytes),
                        format_bytes_decimal(last.total_bytes));
  }
  return text;
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{}", name);
}

RunRecord answered_record(const WorkerOutcome& outcome) {
  RunRecord failed;
  failed.status = RunStatus::failed;
  if (json::text_or(outcome.answer, "event") == "record") {
    const json::value* written = outcome.answer.if_contains("record");
    auto record = run_record_from_json(written == nullptr ? json::value() : *written);
    if (record) return std::move(*record);
    failed.reason = "the worker's record is malformed: " + record.error().message;
    return failed;
  }
  const auto status = static_cast<Status>(json::integer_or(outcome.answer, "status"));
  if (status == Status::unsupported) failed.status = RunStatus::skipped;
  failed.reason = json::text_or(outcome.answer, "message", "the worker gave no record");
  return failed;
}

// The worker's own clock against ours: a difference means that time was lost where neither phase has it.
void compare_clocks(const WorkerOutcome& outcome, RunRecord& record) {
  const Metric* total = record.metric("worker_total_ns");
  if (total == nullptr || outcome.answered_after_ns == 0) return;
  const double difference = static_cast<double>(outcome.answered_after_ns) - total->value;
  record.metrics.push_back({"parent_total_ns", "ns", static_cast<double>(outcome.answered_after_ns)});
  constexpr double kDifferenceMaxNs = 50e6;
  if (difference > kDifferenceMaxNs || difference < -kDifferenceMaxNs) {
    record.disturbed.push_back(
        fmt::format("the parent's clock and the worker's differ by {:.0f} ms", difference / 1e6));
  }
}

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

RunRecord record_of(const WorkerOutcome& outcome, uint64_t timeout_ns) {
  RunRecord record;
  if (!outcome.answer.empty()) {
    record = answered_record(outcome);
    compare_clocks(outcome, record);
  }
  const std::string hung = outcome.hung ? "; it hangs in the kernel and outlived SIGKILL" : "";
  switch (outcome.end) {
    case End::answered:
      break;
    case End::exited:
      record.status = RunStatus::crashed;
      record.reason =
          fmt::format("the worker exited with status {} {}", outcome.exit_status, where(outcome.last));
      break;
    case End::signalled:
      record.status = RunStatus::crashed;
      record.reason =
          fmt::format("the worker was ended by {} {}", signal_name(outcome.signal), where(outcome.last));
      break;
    case End::timed_out:
      record.status = RunStatus::timed_out;
      record.reason =
          fmt::format("no end after {}, {}{}", format_duration(timeout_ns), where(outcome.last), hung);
      break;
    case End::interrupted:
      record.status = RunStatus::cancelled;
      record.reason = fmt::format("interrupted {}{}", where(outcome.last), hung);
      break;
    case End::not_started:
      record.status = RunStatus::failed;
      record.reason = outcome.reason;
      break;
  }
  record.output = outcome.output;
  return record;
}

}  // namespace coldload
