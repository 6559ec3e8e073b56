#include "core/run/interrupt.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace coldload {
namespace {

sigset_t handled_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Result<Interrupt> Interrupt::install() {
  // An ignored signal is never queued, blocked or not.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = handled_signals();
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return fail_errno(errno, "sigprocmask");
  Interrupt interrupt;
  interrupt.signals_ = Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!interrupt.signals_.valid()) return fail_errno(errno, "signalfd");
  return interrupt;
}

bool Interrupt::pending() {
  signalfd_siginfo info{};
  while (signals_.valid() && ::read(signals_.get(), &info, sizeof info) == sizeof info) seen_ = true;
  return seen_;
}

void Interrupt::reset_in_child() {
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace coldload
