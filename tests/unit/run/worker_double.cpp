// Stands in for `coldload worker`. COLDLOAD_TEST_WORKER says how it behaves; without it, it is a real worker.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/file.hpp"
#include "core/run/worker.hpp"

namespace {

void say(const std::string& event) {
  static_cast<void>(coldload::write_all(coldload::kWorkerEventFd, event + "\n").has_value());
}

void answer() {
  say(R"({"event":"record","record":{"status":"ok"}})");
}

// Lines of the request pipe until one is `wanted`.
void wait_for_line(std::string_view wanted) {
  std::string line;
  char byte = 0;
  while (::read(coldload::kWorkerRequestFd, &byte, 1) == 1) {
    if (byte != '\n') {
      line += byte;
    } else if (line == wanted) {
      return;
    } else {
      line.clear();
    }
  }
}

[[noreturn]] void hang() {
  while (true) ::pause();
}

[[noreturn]] void die_by(int signal) {
  // A sanitizer may have taken it.
  std::signal(signal, SIG_DFL);
  ::raise(signal);
  std::exit(70);
}

void leave_grandchild() {
  const pid_t child = ::fork();
  if (child == 0) hang();
  say(R"({"event":"log","level":0,"message":"grandchild )" + std::to_string(child) + "\"}");
}

[[noreturn]] void flood() {
  const std::string block(60'000, 'f');
  while (true) {
    if (!coldload::write_all(STDOUT_FILENO, block)) hang();
  }
}

void tell_signals() {
  struct sigaction action{};
  ::sigaction(SIGINT, nullptr, &action);
  sigset_t blocked;
  ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
  const bool ready = action.sa_handler == SIG_DFL && sigismember(&blocked, SIGINT) == 0;
  std::puts(ready ? "SIGINT as usual" : "SIGINT ignored or blocked");
  std::fflush(stdout);
}

int behave(std::string_view how) {
  if (how == "silent") return 0;
  if (how == "exit") return 3;
  if (how == "crash") die_by(SIGSEGV);
  if (how == "answer then crash") {
    answer();
    die_by(SIGABRT);
  }
  if (how == "hang") {
    say(R"({"event":"phase","name":"load"})");
    say(R"({"event":"progress","delivered":5000000,"total":20000000})");
    hang();
  }
  if (how == "loading") {
    say(R"({"event":"phase","name":"load"})");
    say(R"({"event":"progress","delivered":5000000,"total":20000000})");
    wait_for_line("cancel");
    say(R"({"event":"progress","delivered":6000000,"total":20000000})");
    say(R"({"event":"phase","name":"release"})");
  }
  if (how == "deaf") hang();
  if (how == "polite") wait_for_line("cancel");
  if (how == "grandchild") leave_grandchild();
  if (how == "flood") flood();
  if (how == "signals") tell_signals();
  answer();
  return 0;
}

}  // namespace

int main() {
  const char* how = std::getenv("COLDLOAD_TEST_WORKER");
  if (how != nullptr) return behave(how);
  return coldload::run_worker(coldload::kWorkerRequestFd, coldload::kWorkerEventFd, coldload::now_ns());
}
