#include "program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "coldload/cpp/failure.hpp"
#include "coldload/cpp/posix/descriptor.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;
using sdk::posix::Descriptor;

constexpr int kPollMs = 20;

// A child in a process group of its own, ended with all it started unless it ended by itself.
class Child {
 public:
  Child(const std::vector<std::string>& argv, int output) : name_(argv.front()) {
    std::vector<char*> arguments;
    for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int failed =
        ::posix_spawnp(&pid_, arguments.front(), &actions, &attributes, arguments.data(), ::environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw sdk::os_failure(failed, "credential_process " + name_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (reaped_) return;
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }

  // Whether it ended; throws if it failed.
  bool ended() {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
    reaped_ = true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    const std::string how = WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                                              : "signal " + std::to_string(WTERMSIG(status));
    throw Failure(COLDLOAD_PERMISSION_DENIED,
                  "credential_process " + name_ + " failed with " + how + ": run it by hand to see why");
  }

 private:
  std::string name_;
  pid_t pid_ = -1;
  bool reaped_ = false;
};

}  // namespace

std::string run_program(const std::vector<std::string>& argv, const ProgramLimits& limits,
                        const std::function<bool()>& cancelled) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw sdk::os_failure(errno, "credential_process");
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  // Our end only: the program's own is to wait for us, as any pipe does.
  if (::fcntl(reading.get(), F_SETFL, O_NONBLOCK) != 0) throw sdk::os_failure(errno, "credential_process");
  Child child(argv, writing.get());
  writing = Descriptor();

  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(limits.timeout_ms);
  std::string output;
  bool open = true;
  while (open || !child.ended()) {
    if (cancelled()) throw Failure(COLDLOAD_CANCELLED, "cancelled");
    if (Clock::now() > end) {
      throw Failure(COLDLOAD_TIMED_OUT, "credential_process " + argv.front() + " has not ended after " +
                                            std::to_string(limits.timeout_ms / 1000) + " s");
    }
    pollfd waited{reading.get(), POLLIN, 0};
    ::poll(&waited, open ? 1 : 0, kPollMs);
    std::array<char, 4096> chunk{};
    const ssize_t got = open ? ::read(reading.get(), chunk.data(), chunk.size()) : 0;
    if (got == 0) open = false;
    if (got > 0) output.append(chunk.data(), static_cast<size_t>(got));
    if (output.size() > limits.output_bytes) {
      throw Failure(COLDLOAD_INVALID_OPTION, "credential_process " + argv.front() + " printed more than " +
                                                 std::to_string(limits.output_bytes) + " bytes");
    }
  }
  return output;
}

}  // namespace coldload::s3
