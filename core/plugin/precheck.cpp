#include "core/plugin/precheck.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <optional>
#include <span>

#include "core/base/file.hpp"
#include "core/base/json.hpp"
#include "core/plugin/library.hpp"

namespace coldload {
namespace {

using Files = std::span<const std::filesystem::path>;
constexpr std::string_view kGood = "ok";

// The plugin's own fault is to end the child as it would end a run: no handler of the host's (or a
// sanitizer's) in between, no core file, no output amid the host's.
void isolate() {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  constexpr rlimit kNone{0, 0};
  ::setrlimit(RLIMIT_CORE, &kNone);
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGINT, SIGPIPE}) {
    ::signal(number, SIG_DFL);
  }
  const Descriptor nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nowhere.valid()) return;
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere.get(), standard);
}

bool write_answer(int out, std::string line) {
  std::ranges::replace(line, '\n', ' ');
  return write_all(out, line + "\n").has_value();
}

// Set in the child only: a terminate handler takes no argument.
int terminate_answer = -1;

// An exception that cannot pass the dynamic linker (as under a sanitizer, or of a noexcept function) ends
// here.
[[noreturn]] void answer_terminate() {
  std::string reason = "ended the process while loading (std::terminate)";
  if (const std::exception_ptr thrown = std::current_exception()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& known) {
      reason = fmt::format("threw while loading: {}", known.what());
    } catch (...) {
      reason = "threw while loading";
    }
  }
  (void)write_answer(terminate_answer, json::utf8(reason));
  ::_exit(0);
}

// The child: one line per file. It ends after the first file it refuses: what failed half-way stays loaded,
// and must not be in the way of the next.
[[noreturn]] void answer(Files files, int out) {
  isolate();
  terminate_answer = out;
  std::set_terminate(answer_terminate);
  for (const auto& file : files) {
    const auto plugin = open_plugin(file);
    if (!write_answer(out, plugin ? std::string(kGood) : plugin.error().message) || !plugin) break;
  }
  ::_exit(0);
}

// A descriptor that is readable once the process has ended; -1, which poll() passes over, on a kernel without
// them.
int open_process(pid_t process) {
  return static_cast<int>(
      ::syscall(SYS_pidfd_open, process, 0));  // glibc 2.36 declares it without extern "C"
}

// Reads lines as they come, each within the timeout.
class Answers {
 public:
  Answers(int in, pid_t child, uint64_t timeout_ms)
      : in_(in), child_(open_process(child)), timeout_ms_(timeout_ms) {}

  // The next line, or none: then timed_out() says whether the child was silent or gone.
  [[nodiscard]] std::optional<std::string> next() {
    const uint64_t deadline_ns = now_ns() + timeout_ms_ * 1'000'000;
    while (true) {
      if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
      }
      const uint64_t now = now_ns();
      timed_out_ = now >= deadline_ns;
      if (timed_out_) return std::nullopt;
      // The child's end too: what a plugin left running may hold the pipe open.
      std::array<pollfd, 2> waiting{pollfd{.fd = in_, .events = POLLIN, .revents = 0},
                                    pollfd{.fd = child_.get(), .events = POLLIN, .revents = 0}};
      const int ready =
          ::poll(waiting.data(), waiting.size(), static_cast<int>((deadline_ns - now) / 1'000'000 + 1));
      if (ready <= 0) continue;
      // Looked at again, as it may have answered and ended between the two.
      if (waiting[0].revents == 0 && ::poll(waiting.data(), 1, 0) <= 0) return std::nullopt;
      std::array<char, 4096> block{};
      const ssize_t count = ::read(in_, block.data(), block.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return std::nullopt;
      buffer_.append(block.data(), static_cast<size_t>(count));
    }
  }

  [[nodiscard]] bool timed_out() const { return timed_out_; }

 private:
  int in_;
  Descriptor child_;
  uint64_t timeout_ms_;
  bool timed_out_ = false;
  std::string buffer_;
};

std::string ending_of(int status) {
  if (WIFSIGNALED(status)) {
    const char* name = sigabbrev_np(WTERMSIG(status));
    return name == nullptr ? fmt::format("crashed while loading (signal {})", WTERMSIG(status))
                           : fmt::format("crashed while loading (SIG{})", name);
  }
  return fmt::format("ended the process while loading (exit status {})", WEXITSTATUS(status));
}

std::vector<std::string> all_refused(size_t count, std::string_view call, int os_error) {
  const std::string reason = fmt::format("cannot be checked: {}: {}", call, std::strerror(os_error));
  std::vector<std::string> reasons;
  reasons.assign(count, reason);
  return reasons;
}

// Ends the child and what it may have started, and takes its exit status. One that has died already keeps the
// status it died with.
int reap(pid_t child) {
  ::kill(child, SIGKILL);
  siginfo_t ended{};
  // Looked at without reaping: until the child is reaped its group cannot be anybody else's.
  while (::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Answers for the first files, at least one.
std::vector<std::string> check_in_one_child(Files files, uint64_t timeout_ms) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return all_refused(files.size(), "pipe", errno);
  const Descriptor in(ends[0]);
  Descriptor out(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return all_refused(files.size(), "fork", errno);
  if (child == 0) answer(files, out.get());
  ::setpgid(child, child);  // Also in the child: whoever comes first.
  out.reset();

  std::vector<std::string> reasons;
  Answers answers(in.get(), child, timeout_ms);
  bool ended = false;
  while (!ended && reasons.size() < files.size()) {
    const auto line = answers.next();
    if (!line) break;
    ended = *line != kGood;
    reasons.push_back(ended ? *line : "");
  }
  const bool answered = ended || reasons.size() == files.size();
  const int status = reap(child);
  if (answered) return reasons;
  const bool hung = answers.timed_out() && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  reasons.push_back(
      hung ? fmt::format("did not finish loading within {:g} s", static_cast<double>(timeout_ms) / 1e3)
           : ending_of(status));
  return reasons;
}

}  // namespace

std::vector<std::string> check_in_child(const std::vector<std::filesystem::path>& files,
                                        uint64_t timeout_ms) {
  std::vector<std::string> reasons;
  while (reasons.size() < files.size()) {
    for (std::string& reason : check_in_one_child(Files(files).subspan(reasons.size()), timeout_ms)) {
      reasons.push_back(std::move(reason));
    }
  }
  return reasons;
}

}  // namespace coldload
