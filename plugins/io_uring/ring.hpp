// One ring, from its making to its end, and what the kernel granted it.
#pragma once

#include <liburing.h>

#include <sys/uio.h>

#include <cstdint>
#include <string>
#include <vector>

#include "coldload/cpp/strategy.hpp"

namespace coldload::uring {

enum class Polling { interrupts, kernel_thread };

class Ring {
 public:
  // With the leanest flags that this kernel takes; it starts disabled, so that the thread that will submit,
  // and not the one that makes it, becomes its only issuer. Throws COLDLOAD_UNSUPPORTED with the reason if it
  // is refused.
  Ring(uint32_t depth, Polling polling);
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { ::io_uring_queue_exit(&ring_); }

  // Each throws COLDLOAD_UNSUPPORTED with the reason if it is refused. Before enable().
  void register_buffers(const sdk::Job& job);
  void register_memory(const std::vector<iovec>& regions);
  void register_files(const sdk::Job& job);

  // By the thread that will submit, once.
  void enable();

  [[nodiscard]] io_uring* raw() noexcept { return &ring_; }
  // "SINGLE_ISSUER|DEFER_TASKRUN".
  [[nodiscard]] std::string flag_names() const;
  [[nodiscard]] bool has_registered_buffers() const noexcept { return has_registered_buffers_; }
  [[nodiscard]] bool has_fixed_files() const noexcept { return has_fixed_files_; }

 private:
  io_uring ring_ = {};
  uint32_t flags_ = 0;
  bool has_registered_buffers_ = false;
  bool has_fixed_files_ = false;
};

}  // namespace coldload::uring
