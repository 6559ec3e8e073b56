#include "keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "coldload/cpp/failure.hpp"
#include "keeper_process.hpp"

namespace coldload::command {
namespace {

using sdk::posix::Descriptor;
using Clock = std::chrono::steady_clock;

// More than the keeper takes to give up, see keeper_process.cpp.
constexpr auto kPatience = std::chrono::seconds(7);
// A program between its readiness and its end should not wait for us to read.
constexpr int kPipeBytes = 1 << 20;

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw sdk::os_failure(errno, "a pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void wait_for(int fd, int timeout_ms) {
  pollfd waited{fd, POLLIN, 0};
  ::poll(&waited, 1, timeout_ms);
}

}  // namespace

std::string status_in_words(int wait_status) {
  if (WIFEXITED(wait_status)) return "exit status " + std::to_string(WEXITSTATUS(wait_status));
  return "signal " + std::to_string(WTERMSIG(wait_status));
}

Keeper::Keeper(const Program& program) : program_(program) {
  if (::access("/proc/thread-self/children", R_OK) != 0) {
    throw sdk::Failure(
        COLDLOAD_UNSUPPORTED,
        "this kernel does not list a process's children (CONFIG_PROC_CHILDREN): what the program leaves "
        "behind could not be ended");
  }
  Pipe orders = make_pipe();
  Pipe reports = make_pipe();
  Pipe output = make_pipe();
  ::fcntl(output.write.get(), F_SETPIPE_SZ, kPipeBytes);
  const KeeperEnds ends{orders.read.get(), reports.write.get(), output.write.get()};
  pid_ = ::fork();
  if (pid_ < 0) throw sdk::os_failure(errno, "fork");
  if (pid_ == 0) keep(ends, program);
  orders_ = std::move(orders.write);
  reports_ = std::move(reports.read);
  output_ = std::move(output.read);
  for (const Descriptor* pipe : {&reports_, &output_}) ::fcntl(pipe->get(), F_SETFL, O_NONBLOCK);
  // Only now does it hold nothing of ours open.
  orders = Pipe();
  reports = Pipe();
  output = Pipe();
  wait_for(reports_.get(), -1);
  read_reports();
}

Keeper::~Keeper() {
  Output unread;
  if (!ending_) stop(0, unread);
}

void Keeper::launch() {
  const Order order{Order::launch, 0, 0};
  if (::write(orders_.get(), &order, sizeof order) != sizeof order)
    throw sdk::os_failure(errno, "the keeper");
  while (!launch_result_ && reports_) {
    wait_for(reports_.get(), -1);
    read_reports();
  }
  if (!launch_result_) throw sdk::Failure(COLDLOAD_IO_ERROR, "the process that keeps the program has ended");
  if (*launch_result_ != 0) throw sdk::os_failure(*launch_result_, "argv: running " + program_.path());
}

void Keeper::read_output(Output& output) {
  std::array<char, 65536> block{};
  // Not for ever: one that writes as fast as this reads still meets its deadline.
  for (int turn = 0; turn < 64 && output_; ++turn) {
    const ssize_t count = ::read(output_.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    if (count == 0) return output_.reset();
    output.take({block.data(), static_cast<size_t>(count)});
  }
}

void Keeper::read_reports() {
  Report report{};
  while (reports_) {
    const ssize_t count = ::read(reports_.get(), &report, sizeof report);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    if (count != sizeof report) return reports_.reset();
    // One that cannot watch its children says so at once; launch() then has nothing to wait for.
    if (report.what == Report::ready && report.value != 0) launch_result_ = report.value;
    if (report.what == Report::launched && !launch_result_) launch_result_ = 0;
    if (report.what == Report::not_launched) launch_result_ = report.value;
    if (report.what == Report::exited) exit_status_ = report.value;
    if (report.what == Report::ended) ending_ = Ending{report.detail, report.value};
  }
}

std::optional<int> Keeper::exit_status() {
  read_reports();
  return exit_status_;
}

Ending Keeper::stop(uint64_t grace_ns, Output& output) {
  const Order order{Order::stop, 0, grace_ns};
  // One that is gone has left by itself, and its program with it.
  if (::write(orders_.get(), &order, sizeof order) != sizeof order) orders_.reset();
  const auto deadline = Clock::now() + std::chrono::nanoseconds(grace_ns) + kPatience;
  while (!ending_ && reports_ && Clock::now() < deadline) {
    pollfd waited[2] = {{output_fd(), POLLIN, 0}, {reports_.get(), POLLIN, 0}};
    ::poll(waited, 2, 100);
    read_output(output);
    read_reports();
  }
  read_output(output);
  finish();
  return ending_.value_or(Ending{});
}

void Keeper::finish() {
  // It has nothing left to do, or hangs where it must not.
  if (!ending_) {
    ::kill(pid_, SIGKILL);
    ending_ = Ending{SIGKILL, 1};
  }
  orders_.reset();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace coldload::command
