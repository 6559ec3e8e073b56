// Debian's libnfs.a is compiled for programs: it reaches stderr in a way that a shared object cannot link,
// unless the variable is its own. The plugin is linked with --wrap=stderr, and this is the variable.
#include <stdio.h>

extern FILE* __real_stderr;
__attribute__((visibility("hidden"))) FILE* __wrap_stderr;

__attribute__((constructor)) static void take_stderr(void) {
  __wrap_stderr = __real_stderr;
}
