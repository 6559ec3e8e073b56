#include "core/run/supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/run/event_reader.hpp"
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
  // Where it was then: a worker told to stop goes on to take down what it made.
  if (wake != Wake::worker_ended) {
    outcome.last = reader_.progress();
    const bool interrupted = wake == Wake::interrupted;
    outcome.end = interrupted ? End::interrupted : End::timed_out;
    // Somebody waits at the terminal: less patience with a worker stuck in the kernel.
    stop(interrupted ? 1000 : limits::kKillGraceMs);
  }
  read_pipes();
  reap(outcome);
  outcome.answer = reader_.answer();
  if (wake == Wake::worker_ended) outcome.last = reader_.progress();
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

}  // namespace coldload
