#include "connection.hpp"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <nfsc/libnfs.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <mutex>

#include "totals.hpp"

namespace coldload::nfs {
namespace {

// libnfs picks the local port from a static counter and asks getservbyport() about it: one connection of the
// process at a time may be in that.
std::mutex& connecting_mutex() {
  static std::mutex mutex;
  return mutex;
}

// Two contexts that were made in one second would give themselves the same name, and a version 4 server takes
// the second for a restart of the first, whose state it drops.
std::string unique_client_name() {
  static std::atomic<uint64_t> count{0};
  std::array<char, 65> host = {};
  (void)::gethostname(host.data(), host.size() - 1);
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return "coldload-" + std::string(host.data()) + "-" + std::to_string(::getpid()) + "-" +
         std::to_string(now.tv_sec) + "-" + std::to_string(now.tv_nsec) + "-" + std::to_string(++count);
}

void keep_words(std::array<char, 256>& out, int status, const void* data) noexcept {
  const char* words = status < 0 && data != nullptr ? static_cast<const char*>(data) : "";
  std::snprintf(out.data(), out.size(), "%s", words);
}

std::string seconds(uint64_t ns) {
  std::array<char, 32> text = {};
  std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(ns) / 1e9);
  return text.data();
}

uint64_t received_bytes(int fd) noexcept {
  tcp_info info = {};
  socklen_t length = sizeof info;
  if (fd < 0 || ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return 0;
  return info.tcpi_bytes_received;
}

// Why `fd` never got to its server; 0 where it did. libnfs reads no more of it than that the socket failed.
int connect_error_of(int fd) noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return 0;
  switch (error) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ETIMEDOUT:
      return error;
    default:
      return 0;
  }
}

}  // namespace

// Opening a file: OPEN, then its attributes, then the comparison with what was opened first.
struct Connection::Opening {
  Handle handle;
  RemoteFile* file = nullptr;
  Connection* connection = nullptr;

  void fail(coldload_status status, const char* words) noexcept {
    handle.state = HandleState::failed;
    handle.status = status;
    try {
      handle.error = words;
    } catch (...) {
      handle.status = COLDLOAD_OUT_OF_MEMORY;
    }
  }
};

Connection::Connection(const sdk::Host& host, const Settings& settings, Totals& totals)
    : host_(host), settings_(settings), totals_(totals), began_ns_(host.now_ns()), heard_ns_(began_ns_) {
  const std::lock_guard<std::mutex> lock(connecting_mutex());
  context_ = nfs_init_context();
  if (context_ == nullptr) throw std::bad_alloc();
  try {
    configure();
    if (nfs_mount_async(context_, settings_.url.server.c_str(), settings_.url.path.c_str(), finished,
                        &mounted_) != 0) {
      throw failure("connecting", -EIO, nfs_get_error(context_));
    }
  } catch (...) {
    destroy();
    throw;
  }
}

Connection::~Connection() {
  destroy();
}

void Connection::configure() {
  // Ports can be said in a URL only.
  std::string arguments = "nfs://server/?version=" + std::to_string(settings_.version);
  if (settings_.nfs_port != 0) arguments += "&nfsport=" + std::to_string(settings_.nfs_port);
  if (settings_.mount_port != 0) arguments += "&mountport=" + std::to_string(settings_.mount_port);
  nfs_url* parsed = nfs_parse_url_incomplete(context_, arguments.c_str());
  if (parsed == nullptr) throw failure("its options", -EINVAL, nfs_get_error(context_));
  nfs_destroy_url(parsed);
  nfs4_set_client_name(context_, unique_client_name().c_str());
  if (settings_.uid >= 0) nfs_set_uid(context_, static_cast<int>(settings_.uid));
  if (settings_.gid >= 0) nfs_set_gid(context_, static_cast<int>(settings_.gid));
  // A connection that breaks is an error with its time, not a silent second try.
  nfs_set_autoreconnect(context_, 0);
  // Nothing may come from a memory of ours, least of all bytes.
  nfs_set_dircache(context_, 0);
  nfs_set_pagecache(context_, 0);
  nfs_set_readahead(context_, 0);
}

void Connection::destroy() noexcept {
  if (context_ == nullptr) return;
  totals_.wire_bytes += received_bytes(nfs_get_fd(context_));
  nfs_context* context = context_;
  context_ = nullptr;
  nfs_destroy_context(context);
}

void Connection::fail(const sdk::Failure& failure) {
  // The context is part of what `failure` was made from, not of what it holds.
  destroy();
  throw sdk::Failure(failure);
}

sdk::Failure Connection::failure(const std::string& what, int status, const char* words) const {
  const int os_error = status < 0 ? -status : EIO;
  std::string message = settings_.shown() + ": " + what + ": ";
  message += words != nullptr && *words != '\0' ? words : std::generic_category().message(os_error);
  return {sdk::status_of_errno(os_error), message, os_error};
}

sdk::Failure Connection::not_reached() const {
  const std::string advice =
      connect_error_ == ECONNREFUSED
          ? "; nothing listens there: is the server up, and is the port right (option nfsport" +
                std::string(settings_.version == 3 ? ", mountport)?" : ")?")
          : "; is the host up, and do routes and firewalls let this machine through?";
  return {sdk::status_of_errno(connect_error_),
          settings_.shown() + ": the server was not reached: " + settings_.where() + ": " +
              std::generic_category().message(connect_error_) + advice,
          connect_error_};
}

sdk::Failure Connection::mount_failure() const {
  if (connect_error_ != 0) return not_reached();
  // libnfs says EFAULT of an answer that is none, and why only in the context.
  const bool wordless = mounted_.error[0] == '\0' && mounted_.status == -EFAULT;
  const sdk::Failure told = failure("mounting", wordless ? -EIO : mounted_.status,
                                    wordless ? nfs_get_error(context_) : mounted_.error.data());
  std::string advice;
  switch (told.status()) {
    case COLDLOAD_NOT_FOUND:
      advice = settings_.version == 4
                   ? "; is the path the one below the server's version 4 root (its pseudo path), not the "
                     "directory on its disk?"
                   : "; `showmount -e` lists what the server exports";
      break;
    case COLDLOAD_PERMISSION_DENIED:
      advice =
          "; the export must allow this machine, and, as we do not run as root, ports above 1023 (export "
          "option `insecure`)";
      if (::geteuid() == 0) advice = "; the export must allow this machine and this user (options uid, gid)";
      break;
    default:
      advice = "; does it serve version " + std::to_string(settings_.version) +
               " there (options version, nfsport" + (settings_.version == 3 ? ", mountport)?" : ")?");
  }
  return {told.status(), told.what() + advice, told.os_error()};
}

sdk::Failure Connection::silence() const {
  return {COLDLOAD_TIMED_OUT,
          settings_.shown() +
              (ready_ ? ": no answer for " : ": no connection to " + settings_.where() + " after ") +
              seconds(settings_.timeout_ns) + " (option timeout); the server hangs or cannot be reached",
          ETIMEDOUT};
}

void Connection::service(int wait_ms) {
  pollfd polled = {nfs_get_fd(context_), static_cast<short>(nfs_which_events(context_)), 0};
  if (polled.fd < 0) fail(failure("the connection", -ECONNRESET, nfs_get_error(context_)));
  if (::poll(&polled, 1, wait_ms) < 0 && errno != EINTR) fail(failure("poll", -errno, nullptr));
  if (polled.revents == 0) return;
  // Before libnfs closes the socket.
  if (!ready_ && (polled.revents & (POLLERR | POLLHUP)) != 0) connect_error_ = connect_error_of(polled.fd);
  int served = 0;
  if (ready_) {
    // What the answers let us send goes out with the same call.
    served = nfs_service(context_, polled.revents | POLLOUT);
  } else {
    const std::lock_guard<std::mutex> lock(connecting_mutex());
    served = nfs_service(context_, polled.revents);
  }
  heard_ns_ = host_.now_ns();
  const bool refused = mounted_.done && mounted_.status < 0;
  if (served < 0 && !refused) {
    if (connect_error_ != 0) fail(not_reached());
    const char* words = nfs_get_error(context_);
    fail(
        failure(ready_ ? "the connection broke" : "connecting", ready_ ? -ECONNRESET : -ECONNREFUSED, words));
  }
}

void Connection::pump(int wait_ms) {
  if (broken()) throw sdk::Failure(COLDLOAD_IO_ERROR, settings_.shown() + ": the connection is gone");
  if (host_.cancelled()) fail(sdk::Failure(COLDLOAD_CANCELLED, "cancelled"));
  service(wait_ms);
  if (!ready_ && mounted_.done) {
    if (mounted_.status < 0) fail(mount_failure());
    ready_ = true;
    ++totals_.connections;
    totals_.connect_ns += host_.now_ns() - began_ns_;
  }
  const bool waits = !ready_ || nfs_queue_length(context_) > 0;
  if (waits && host_.now_ns() - heard_ns_ > settings_.timeout_ns) fail(silence());
}

void Connection::wait_ready() {
  constexpr int kWaitMs = 20;
  while (!ready_) pump(kWaitMs);
}

void Connection::wait(const Answer& answer) {
  constexpr int kWaitMs = 20;
  while (!answer.done) pump(kWaitMs);
}

void Connection::expect() {
  // Silence counts from the first question on, not from the last answer to an older one.
  if (nfs_queue_length(context_) == 0) heard_ns_ = host_.now_ns();
}

void Connection::finished(int status, nfs_context* /*context*/, void* data, void* answer) noexcept {
  auto& out = *static_cast<Answer*>(answer);
  out.done = true;
  out.status = status;
  keep_words(out.error, status, data);
  out.pointer = status < 0 ? nullptr : data;
}

Connection::Handle& Connection::handle(RemoteFile& file) {
  std::unique_ptr<Opening>& opening = handles_[&file];
  if (opening) return opening->handle;
  opening = std::make_unique<Opening>();
  opening->file = &file;
  opening->connection = this;
  expect();
  if (nfs_open_async(context_, file.path.c_str(), O_RDONLY, on_opened, opening.get()) != 0) {
    opening->fail(COLDLOAD_IO_ERROR, nfs_get_error(context_));
  }
  return opening->handle;
}

void Connection::on_opened(int status, nfs_context* context, void* data, void* self) noexcept {
  auto& opening = *static_cast<Opening*>(self);
  if (status < 0) {
    std::array<char, 256> words = {};
    keep_words(words, status, data);
    opening.fail(sdk::status_of_errno(-status), words.data());
    return;
  }
  opening.handle.handle = static_cast<nfsfh*>(data);
  if (nfs_fstat64_async(context, opening.handle.handle, on_stat, self) != 0) {
    opening.fail(COLDLOAD_IO_ERROR, nfs_get_error(context));
  }
}

void Connection::on_stat(int status, nfs_context* /*context*/, void* data, void* self) noexcept {
  auto& opening = *static_cast<Opening*>(self);
  if (status < 0) {
    std::array<char, 256> words = {};
    keep_words(words, status, data);
    opening.fail(sdk::status_of_errno(-status), words.data());
    return;
  }
  const auto& found = *static_cast<const nfs_stat_64*>(data);
  if (!S_ISREG(static_cast<mode_t>(found.nfs_mode))) {
    opening.fail(COLDLOAD_UNSUPPORTED, "not a regular file");
    return;
  }
  const FileIdentity identity = {found.nfs_ino, found.nfs_size, found.nfs_mtime, found.nfs_mtime_nsec};
  // [control-thread] opens first, and hands the file out only then: nobody else reads `known` meanwhile.
  if (!opening.file->known) {
    opening.file->identity = identity;
    opening.file->known = true;
  }
  if (!(opening.file->identity == identity)) {
    std::array<char, 160> words = {};
    std::snprintf(words.data(), words.size(),
                  "it is another file than the one opened before, or was changed: %llu bytes then, %llu now",
                  static_cast<unsigned long long>(opening.file->identity.size_bytes),
                  static_cast<unsigned long long>(identity.size_bytes));
    opening.fail(COLDLOAD_IO_ERROR, words.data());
    return;
  }
  opening.handle.state = HandleState::open;
}

Connection::Handle& Connection::open(RemoteFile& file) {
  constexpr int kWaitMs = 20;
  Handle& opened = handle(file);
  while (opened.state == HandleState::opening) pump(kWaitMs);
  if (opened.state == HandleState::failed) {
    throw sdk::Failure(opened.status, settings_.shown() + ": " + file.path + ": " + opened.error);
  }
  return opened;
}

void Connection::close(const RemoteFile& file) {
  constexpr int kWaitMs = 20;
  const auto found = handles_.find(&file);
  if (found == handles_.end()) return;
  // libnfs writes to it until it is opened, also where nobody waits for that any more.
  while (found->second->handle.state == HandleState::opening && !broken()) pump(kWaitMs);
  nfsfh* handle = found->second->handle.handle;
  if (handle != nullptr && !broken()) {
    Answer closed;
    expect();
    if (nfs_close_async(context_, handle, finished, &closed) == 0) wait(closed);
  }
  handles_.erase(found);
}

}  // namespace coldload::nfs
