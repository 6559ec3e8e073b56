#include "keeper_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <ctime>

namespace coldload::command {
namespace {

constexpr int kOrders = 3;
constexpr int kReports = 4;
constexpr int kOutput = 5;
constexpr int kFirstUnused = 6;
constexpr size_t kStackBytes = size_t{64} << 10;
constexpr uint64_t kRoundMs = 10;            // between two rounds of SIGKILL
constexpr uint64_t kKillNs = 5'000'000'000;  // after that a process hangs in the kernel

uint64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(time.tv_nsec);
}

void close_from(int first) {
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return;
#endif
  for (int fd = first; fd < 65'536; ++fd) ::close(fd);
}

// Through numbers above all of them, so that no dup closes what another still needs.
void take_ends(const KeeperEnds& ends) {
  const int orders = ::fcntl(ends.orders, F_DUPFD, 16);
  const int reports = ::fcntl(ends.reports, F_DUPFD, 16);
  const int output = ::fcntl(ends.output, F_DUPFD, 16);
  ::dup3(orders, kOrders, O_CLOEXEC);
  ::dup3(reports, kReports, O_CLOEXEC);
  ::dup3(output, kOutput, O_CLOEXEC);
  close_from(kFirstUnused);
}

// Calls `see` with each child that has not been waited for.
template <typename See>
void each_child(See see) {
  const int file = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  char block[4096];
  pid_t pid = 0;
  for (ssize_t count = ::read(file, block, sizeof block); count > 0;
       count = ::read(file, block, sizeof block)) {
    for (ssize_t i = 0; i < count; ++i) {
      if (block[i] >= '0' && block[i] <= '9') {
        pid = pid * 10 + (block[i] - '0');
      } else if (pid != 0) {
        see(pid);
        pid = 0;
      }
    }
  }
  if (pid != 0) see(pid);
  ::close(file);
}

struct Birth {
  const Program& program;
  pid_t keeper;
  int failed;  // errno of what kept it from running
};

// In a child that shares the keeper's memory while the keeper waits: as cheap as posix_spawn(3), which cannot
// tie a child to its parent's life.
int become_program(void* argument) {
  auto& birth = *static_cast<Birth*>(argument);
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The keeper may have died before that was set.
  if (::getppid() != birth.keeper) ::_exit(127);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  ::dup2(kOutput, STDOUT_FILENO);
  ::dup2(kOutput, STDERR_FILENO);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(birth.program.path().c_str(), birth.program.argv(), birth.program.envp());
  birth.failed = errno;
  ::_exit(127);
}

class KeeperProcess {
 public:
  explicit KeeperProcess(const Program& program) : program_(program) {}
  [[noreturn]] void run();

 private:
  enum class State { waiting, terminating, killing };

  static void report(uint32_t what, int32_t value = 0, int32_t detail = 0) {
    const Report message{what, value, detail, 0};
    static_cast<void>(::write(kReports, &message, sizeof message) == sizeof message);
  }
  void obey();
  void launch();
  void begin_killing();
  void signal_all(int number);
  void look();
  void notice_main();
  [[nodiscard]] bool all_gone();
  [[nodiscard]] int wait_ms() const;

  const Program& program_;
  State state_ = State::waiting;
  int children_ = -1;  // a signalfd for SIGCHLD
  pid_t main_ = 0;     // kept as a zombie to the end: until then its number is its group's
  bool main_ended_ = false;
  int last_signal_ = 0;
  uint64_t deadline_ns_ = 0;
};

void KeeperProcess::launch() {
  alignas(16) static char stack[kStackBytes];
  Birth birth{program_, ::getpid(), 0};
  // Goes on once the child has become the program, or has ended.
  const pid_t pid = ::clone(become_program, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &birth);
  if (pid < 0) return report(Report::not_launched, errno);
  ::close(kOutput);
  main_ = pid;
  if (birth.failed != 0) return report(Report::not_launched, birth.failed);
  report(Report::launched, pid);
}

void KeeperProcess::obey() {
  Order order{};
  ssize_t count = 0;
  do {
    count = ::read(kOrders, &order, sizeof order);
  } while (count < 0 && errno == EINTR);
  if (count != sizeof order) return begin_killing();  // whoever gave orders is gone
  if (order.what == Order::launch && main_ == 0) return launch();
  if (order.what != Order::stop || state_ != State::waiting) return;
  if (order.grace_ns == 0) return begin_killing();
  state_ = State::terminating;
  deadline_ns_ = now() + order.grace_ns;
  signal_all(SIGTERM);
}

void KeeperProcess::begin_killing() {
  if (state_ == State::killing) return;
  state_ = State::killing;
  deadline_ns_ = now() + kKillNs;
  signal_all(SIGKILL);
}

// The group, and what left it; what such a one leaves behind becomes a child here, and is met the next time.
void KeeperProcess::signal_all(int number) {
  bool sent = main_ != 0 && ::kill(-main_, number) == 0 && !main_ended_;
  each_child([&](pid_t pid) {
    if (pid == main_ || ::getpgid(pid) == main_) return;
    sent = ::kill(pid, number) == 0 || sent;
  });
  if (sent) last_signal_ = number;
}

void KeeperProcess::notice_main() {
  if (main_ == 0 || main_ended_) return;
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(main_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
    return;
  main_ended_ = true;
  report(Report::exited, info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status);
}

void KeeperProcess::look() {
  signalfd_siginfo pending{};
  while (::read(children_, &pending, sizeof pending) > 0) {
  }
  notice_main();
  each_child([&](pid_t pid) {
    if (pid != main_) ::waitpid(pid, nullptr, WNOHANG);
  });
  // What was orphaned since then was not told.
  if (state_ == State::terminating) {
    each_child([&](pid_t pid) {
      if (pid != main_ && ::getpgid(pid) != main_) ::kill(pid, SIGTERM);
    });
  }
}

bool KeeperProcess::all_gone() {
  if (main_ != 0 && !main_ended_) return false;
  bool others = false;
  each_child([&](pid_t pid) { others = others || pid != main_; });
  if (others) return false;
  if (main_ != 0) ::waitpid(main_, nullptr, 0);
  main_ = 0;
  // The list of children is no snapshot; this is the kernel's own word.
  return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
}

int KeeperProcess::wait_ms() const {
  if (state_ == State::waiting) return -1;
  if (state_ == State::killing) return kRoundMs;
  const uint64_t time = now();
  if (time >= deadline_ns_) return 0;
  const uint64_t left_ms = (deadline_ns_ - time) / 1'000'000 + 1;
  return left_ms > INT_MAX ? INT_MAX : static_cast<int>(left_ms);
}

void KeeperProcess::run() {
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  children_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  report(Report::ready, children_ < 0 ? errno : 0);
  while (true) {
    pollfd waited[2] = {{children_, POLLIN, 0}, {state_ == State::killing ? -1 : kOrders, POLLIN, 0}};
    ::poll(waited, 2, wait_ms());
    if (waited[1].revents != 0) obey();
    look();
    if (state_ == State::waiting) continue;
    if (all_gone()) break;
    if (state_ == State::terminating && now() >= deadline_ns_) begin_killing();
    if (state_ != State::killing) continue;
    if (now() >= deadline_ns_) break;
    signal_all(SIGKILL);
  }
  int survivors = 0;
  each_child([&](pid_t) { ++survivors; });
  report(Report::ended, survivors, last_signal_);
  ::_exit(0);
}

}  // namespace

void keep(const KeeperEnds& ends, const Program& program) {
  // A group of its own: what kills its parent's must not kill it before it has done its work.
  ::setpgid(0, 0);
  ::prctl(PR_SET_NAME, "coldload-keeper");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::signal(SIGCHLD, SIG_DFL);  // ignored ones would be waited for by the kernel, and their reads lost
  take_ends(ends);
  KeeperProcess(program).run();
}

}  // namespace coldload::command
