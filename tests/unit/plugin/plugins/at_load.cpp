// Misbehaves in a static constructor: before the host could look at anything.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "coldload/abi.h"

namespace {

struct AtLoad {
  AtLoad() {
#if defined(AT_LOAD_THROW)
    throw std::runtime_error("no licence found");
#elif defined(AT_LOAD_SEGFAULT)
    raise(SIGSEGV);
#elif defined(AT_LOAD_ABORT)
    abort();
#elif defined(AT_LOAD_EXIT)
    exit(3);
#elif defined(AT_LOAD_HANG)
    while (true) pause();
#elif defined(AT_LOAD_FORK)
    // The grandchild keeps the pipe to the host open; the child dies.
    if (fork() == 0) {
      while (true) pause();
    }
    raise(SIGBUS);
#endif
  }
};

[[maybe_unused]] const AtLoad at_load;

}  // namespace

extern "C" COLDLOAD_EXPORT const coldload_plugin coldload_plugin_v1;
const coldload_plugin coldload_plugin_v1 = {
    COLDLOAD_ABI_MAJOR,
    COLDLOAD_ABI_MINOR,
    sizeof(coldload_plugin),
    1,
    "org.example.at_load",
    "1.0",
    "example",
    // A pointer into nowhere, followed when the table is checked.
    reinterpret_cast<const coldload_component* const*>(8),
    nullptr,
    nullptr,
};
