#include "ring.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace coldload::uring {
namespace {

using sdk::Failure;

// From the leanest down to what the first kernels with rings take; EINVAL moves on. The ring must be allowed
// to start disabled (5.10), or several rings could not be made here and used on their threads.
constexpr uint32_t kFlagSets[] = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,  // 6.1
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,   // 6.0
    IORING_SETUP_COOP_TASKRUN,                                // 5.19
    0,
};
// The kernel's thread does the issuing and has no task work to defer.
constexpr uint32_t kPollingFlagSets[] = {
    IORING_SETUP_SQPOLL | IORING_SETUP_SINGLE_ISSUER,
    IORING_SETUP_SQPOLL,
};
constexpr uint32_t kPollingIdleMs = 200;

struct FlagName {
  uint32_t flag;
  const char* name;
};
constexpr FlagName kFlagNames[] = {
    {IORING_SETUP_SINGLE_ISSUER, "SINGLE_ISSUER"},
    {IORING_SETUP_DEFER_TASKRUN, "DEFER_TASKRUN"},
    {IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN"},
    {IORING_SETUP_SQPOLL, "SQPOLL"},
};

Failure refused(int os_error, const std::string& what, const char* hint) {
  return Failure(COLDLOAD_UNSUPPORTED,
                 what + " is refused: " + std::generic_category().message(os_error) + " (errno " +
                     std::to_string(os_error) + ")" + hint,
                 os_error);
}

Failure setup_refused(int os_error, Polling polling) {
  const char* hint = "";
  if (os_error == EPERM || os_error == EACCES) {
    hint = "; a container's seccomp profile or the sysctl kernel.io_uring_disabled forbids it";
  }
  if (os_error == ENOSYS) hint = "; the kernel has no io_uring, or a seccomp profile hides it";
  if (os_error == ENOMEM) hint = "; raise the limit of locked memory (ulimit -l)";
  return refused(os_error, polling == Polling::kernel_thread ? "io_uring with sqpoll" : "io_uring", hint);
}

}  // namespace

Ring::Ring(uint32_t depth, Polling polling) {
  const bool polls = polling == Polling::kernel_thread;
  const uint32_t* first = polls ? std::begin(kPollingFlagSets) : std::begin(kFlagSets);
  const uint32_t* last = polls ? std::end(kPollingFlagSets) : std::end(kFlagSets);
  int failed = EINVAL;
  for (const uint32_t* flags = first; flags != last && failed == EINVAL; ++flags) {
    io_uring_params params = {};
    params.flags = *flags | IORING_SETUP_R_DISABLED;
    params.sq_thread_idle = polls ? kPollingIdleMs : 0;
    // One more than reads: the request that cancels them.
    failed = -::io_uring_queue_init_params(depth + 1, &ring_, &params);
    flags_ = *flags;
  }
  if (failed != 0) throw setup_refused(failed, polling);
}

void Ring::register_buffers(const sdk::Job& job) {
  const coldload_job& raw = job.raw();
  if (raw.region_count == 0) {
    throw Failure(COLDLOAD_UNSUPPORTED, "registered_buffers: the destination has no memory to register");
  }
  std::vector<iovec> regions;
  for (uint32_t i = 0; i < raw.region_count; ++i) {
    regions.push_back({raw.regions[i].data, static_cast<size_t>(raw.regions[i].length_bytes)});
  }
  register_memory(regions);
  has_registered_buffers_ = true;
}

void Ring::register_memory(const std::vector<iovec>& regions) {
  uint64_t bytes = 0;
  for (const iovec& region : regions) bytes += region.iov_len;
  const int failed =
      -::io_uring_register_buffers(&ring_, regions.data(), static_cast<unsigned>(regions.size()));
  if (failed != 0) {
    throw refused(failed, "registered_buffers (" + std::to_string(bytes) + " bytes)",
                  failed == ENOMEM ? "; raise the limit of locked memory (ulimit -l)" : "");
  }
}

void Ring::register_files(const sdk::Job& job) {
  std::vector<int> files;
  files.reserve(job.item_count());
  for (uint32_t i = 0; i < job.item_count(); ++i) files.push_back(job.info(i).fd);
  const int failed = -::io_uring_register_files(&ring_, files.data(), job.item_count());
  if (failed != 0) {
    throw refused(failed, "fixed_files (" + std::to_string(files.size()) + " files)",
                  failed == EMFILE ? "; raise the limit of open files (ulimit -n)" : "");
  }
  has_fixed_files_ = true;
}

void Ring::enable() {
  // Not io_uring_enable_rings(): the shared library of liburing 2.3 declares it and does not export it.
  const long result =
      ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (result != 0) throw sdk::os_failure(errno, "enabling the ring");
}

std::string Ring::flag_names() const {
  std::string names;
  for (const FlagName& known : kFlagNames) {
    if ((flags_ & known.flag) == 0) continue;
    if (!names.empty()) names += '|';
    names += known.name;
  }
  return names;
}

}  // namespace coldload::uring
