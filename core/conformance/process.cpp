#include "core/conformance/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <string_view>

#include "core/base/file.hpp"
#include "core/base/json.hpp"
#include "core/conformance/contract.hpp"
#include "core/run/interrupt.hpp"

namespace coldload::conformance {
namespace {

constexpr size_t kOutputBytesMax = 4096;
constexpr int kPollMs = 20;

// A fault of the plugin's is to end this process as it would end a run: no handler in between, no core file.
void isolate(int output) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  constexpr rlimit kNone{0, 0};
  ::setrlimit(RLIMIT_CORE, &kNone);
  Interrupt::reset_in_child();
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGINT}) {
    ::signal(number, SIG_DFL);
  }
  const Descriptor nowhere(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (nowhere.valid()) ::dup2(nowhere.get(), STDIN_FILENO);
  for (const int standard : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(output, standard);
}

// The first letter is the ending, the rest the detail.
std::string answer_of(const std::function<void()>& check) {
  try {
    check();
    return "p";
  } catch (const Inapplicable& why) {
    return fmt::format("s{}", why.what());
  } catch (const std::exception& how) {
    return fmt::format("f{}", how.what());
  } catch (...) {
    return "fsomething that is no std::exception was thrown";
  }
}

[[noreturn]] void run_child(const std::function<void()>& check, int answer, int output) {
  isolate(output);
  std::string line = json::utf8(answer_of(check));
  std::ranges::replace(line, '\n', ' ');
  // Before the answer: once that is there, this process may be ended at any moment.
  std::fflush(stdout);
  std::fflush(stderr);
  (void)write_all(answer, line + "\n");
  // No destructors: a plugin's are not what was asked, and threads it left would race with them.
  ::_exit(0);
}

bool has_ended(pid_t child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
         info.si_pid == child;
}

// All that can be read now. False at the end of the pipe.
bool drain(int in, std::string& text) {
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t count = ::read(in, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    text.append(block.data(), static_cast<size_t>(count));
  }
}

struct Waited {
  std::string line;
  bool answered = false;
  bool timed_out = false;
};

Waited wait_for_answer(int in, pid_t child, uint64_t limit_ms, const std::function<bool()>& stop) {
  const uint64_t deadline_ns = now_ns() + limit_ms * 1'000'000;
  Waited waited;
  for (;;) {
    // Looked at before the pipe: what a process wrote before it ended is there by then.
    const bool ended = has_ended(child);
    (void)drain(in, waited.line);
    if (const size_t end = waited.line.find('\n'); end != std::string::npos) {
      waited.line.resize(end);
      waited.answered = true;
      return waited;
    }
    if (ended) return waited;
    if (now_ns() >= deadline_ns || stop()) {
      waited.timed_out = true;
      return waited;
    }
    pollfd waiting{.fd = in, .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, kPollMs);
    // A closed pipe is readable at once, over and over.
    if ((waiting.revents & POLLHUP) != 0 && !has_ended(child)) ::usleep(1000);
  }
}

// Ends the process and what it started, and takes its status.
int reap(pid_t child) {
  const auto number = static_cast<id_t>(child);
  siginfo_t info{};
  if (!has_ended(child)) ::kill(child, SIGKILL);
  // Until it is reaped its group cannot be anybody else's.
  while (::waitid(P_PID, number, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string ending_of(int status) {
  if (!WIFSIGNALED(status)) {
    return fmt::format("ended the process, with exit status {}", WEXITSTATUS(status));
  }
  const char* name = sigabbrev_np(WTERMSIG(status));
  return name == nullptr ? fmt::format("died by signal {}", WTERMSIG(status))
                         : fmt::format("died by SIG{}", name);
}

std::string end_of_output(int output) {
  const off_t size = ::lseek(output, 0, SEEK_END);
  if (size <= 0) return {};
  const auto length = std::min<size_t>(static_cast<size_t>(size), kOutputBytesMax);
  std::string text(length, '\0');
  const ssize_t got = ::pread(output, text.data(), length, size - static_cast<off_t>(length));
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return json::utf8(text);
}

Attempt attempt_of(const Waited& waited, int status, uint64_t limit_ms) {
  Attempt attempt;
  if (waited.timed_out) {
    attempt.ending = Ending::timed_out;
    attempt.detail = fmt::format("no end after {:g} s", static_cast<double>(limit_ms) / 1e3);
    return attempt;
  }
  if (!waited.answered || waited.line.empty()) {
    attempt.ending = Ending::crashed;
    attempt.detail = ending_of(status);
    return attempt;
  }
  attempt.detail = waited.line.substr(1);
  attempt.ending = waited.line.front() == 'p'   ? Ending::passed
                   : waited.line.front() == 's' ? Ending::skipped
                                                : Ending::failed;
  return attempt;
}

}  // namespace

std::string_view to_string(Ending ending) {
  switch (ending) {
    case Ending::passed:
      return "passed";
    case Ending::failed:
      return "failed";
    case Ending::crashed:
      return "crashed";
    case Ending::timed_out:
      return "timed out";
    default:
      return "skipped";
  }
}

Attempt run_in_process(const std::function<void()>& check, uint64_t limit_ms,
                       const std::function<bool()>& stop) {
  Attempt attempt;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    attempt.detail = fmt::format("cannot be run: pipe: {}", std::strerror(errno));
    return attempt;
  }
  const Descriptor in(ends[0]);
  Descriptor out(ends[1]);
  const Descriptor output(::memfd_create("coldload-check", MFD_CLOEXEC));
  ::fcntl(in.get(), F_SETFL, O_NONBLOCK);
  const uint64_t began_ns = now_ns();
  // Else what this process has not written yet would be the child's, too.
  std::fflush(stdout);
  std::fflush(stderr);
  const pid_t child = output.valid() ? ::fork() : -1;
  if (child < 0) {
    attempt.detail = fmt::format("cannot be run: fork: {}", std::strerror(errno));
    return attempt;
  }
  if (child == 0) run_child(check, out.get(), output.get());
  ::setpgid(child, child);  // Also in the child: whoever comes first.
  out.reset();
  const Waited waited = wait_for_answer(in.get(), child, limit_ms, stop);
  attempt = attempt_of(waited, reap(child), limit_ms);
  attempt.took_ns = now_ns() - began_ns;
  attempt.output = end_of_output(output.get());
  return attempt;
}

}  // namespace coldload::conformance
