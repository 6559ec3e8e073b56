// SIGINT and SIGTERM as a descriptor to poll. Only the parent handles them; workers are in groups of their
// own.
#pragma once

#include "core/base/file.hpp"
#include "core/base/result.hpp"

namespace coldload {

class Interrupt {
 public:
  // Blocks both signals for this process and its later threads, also where they were inherited as ignored (a
  // background job of a shell); SIGPIPE becomes an error of write(). [control-thread, before any other thread
  // starts]
  [[nodiscard]] static Result<Interrupt> install();

  // True once a signal came, and ever after. [control-thread]
  [[nodiscard]] bool pending();
  // Readable when a signal came.
  [[nodiscard]] int fd() const { return signals_.get(); }

  // In a child between fork and exec: the signals as a program expects them. Async-signal-safe.
  static void reset_in_child();

 private:
  Descriptor signals_;
  bool seen_ = false;
};

}  // namespace coldload
