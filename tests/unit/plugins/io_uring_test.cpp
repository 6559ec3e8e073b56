// What the kernel refuses becomes a skipped case with the reason: tried in children that have less than we
// have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <iterator>

#include "tests/support/plugin_harness.hpp"
#include "tests/unit/plugins/scratch.hpp"

namespace coldload::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// "<status>: <message>" of a load that runs in a child after `lose` took something from it.
std::string outcome_in_child(const OptionTexts& options, const std::function<bool()>& lose) {
  Scratch scratch;
  RecordingHost host;
  const Component backend(host, "local", {{"root", scratch.path()}});
  const Component strategy(host, "io_uring", options);
  Load load(host, backend, strategy, {scratch.file("a", 40u << 20)});
  if (load.open().status != COLDLOAD_OK) return "cannot open";
  int pipe[2];
  if (::pipe(pipe) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::string text = "nothing was lost";
    if (lose()) {
      const Outcome outcome = load.run();
      text = std::to_string(outcome.status) + ": " + outcome.message;
    }
    ::_exit(::write(pipe[1], text.data(), text.size()) > 0 ? 0 : 1);
  }
  ::close(pipe[1]);
  std::string text(1000, '\0');
  const ssize_t length = ::read(pipe[0], text.data(), text.size());
  ::close(pipe[0]);
  ::waitpid(child, nullptr, 0);
  text.resize(static_cast<size_t>(std::max<ssize_t>(length, 0)));
  return text;
}

// As the default profile of a container runtime does.
bool forbid_rings() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {static_cast<unsigned short>(std::size(program)), program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

bool lock_no_memory() {
  const rlimit limit = {65536, 65536};
  if (::setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return false;
  return ::geteuid() != 0 || ::setresuid(65534, 65534, 65534) == 0;
}

TEST(IoUring, IsUnsupportedWithTheReason_WhereSeccompForbidsIt) {
  EXPECT_EQ(
      outcome_in_child({}, forbid_rings),
      std::to_string(COLDLOAD_UNSUPPORTED) +
          ": io_uring is refused: Operation not permitted (errno 1); a container's seccomp profile or the "
          "sysctl kernel.io_uring_disabled forbids it");
}

TEST(IoUring, IsUnsupportedWithTheReason_WhereMemoryMayNotBeLocked) {
  const std::string outcome = outcome_in_child({{"registered_buffers", "true"}}, lock_no_memory);
  EXPECT_THAT(outcome, StartsWith(std::to_string(COLDLOAD_UNSUPPORTED) + ": registered_buffers ("));
  EXPECT_THAT(outcome,
              HasSubstr("Cannot allocate memory (errno 12); raise the limit of locked memory (ulimit -l)"));
}

TEST(IoUring, NeedsNoLockedMemoryUnlessAsked) {
  EXPECT_EQ(outcome_in_child({}, lock_no_memory), "0: ");
}

}  // namespace
}  // namespace coldload::testing
