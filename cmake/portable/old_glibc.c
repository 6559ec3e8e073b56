// What the static libraries of a newer toolchain ask of glibc, and a glibc of 2.31 does not have. Linked into
// host and plugins of a portable build; a function that is missing here fails the link by name.
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#define HIDDEN __attribute__((visibility("hidden")))

// glibc 2.32. libstdc++ counts references without locks where it says that there is one thread; 0 is always
// true enough.
HIDDEN char __libc_single_threaded = 0;

// glibc 2.32.
HIDDEN const char* sigabbrev_np(int number) {
  static const struct {
    int number;
    const char* name;
  } kNames[] = {
      {SIGHUP, "HUP"},   {SIGINT, "INT"},   {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},   {SIGTRAP, "TRAP"},
      {SIGABRT, "ABRT"}, {SIGBUS, "BUS"},   {SIGFPE, "FPE"},   {SIGKILL, "KILL"}, {SIGUSR1, "USR1"},
      {SIGSEGV, "SEGV"}, {SIGUSR2, "USR2"}, {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"}, {SIGTERM, "TERM"},
      {SIGXCPU, "XCPU"}, {SIGXFSZ, "XFSZ"}, {SIGSYS, "SYS"},
  };
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0]; ++i) {
    if (kNames[i].number == number) return kNames[i].name;
  }
  return NULL;
}

// glibc 2.36. std::random_device asks for it.
HIDDEN uint32_t arc4random(void) {
  uint32_t value = 0;
  if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value) abort();
  return value;
}

// glibc 2.35. libgcc's unwinder finds the tables of the code at an address by it.
typedef struct found_object {
  uintptr_t address;
  struct dl_find_object* out;
} found_object;

static int look_at(struct dl_phdr_info* info, size_t size, void* data) {
  (void)size;
  found_object* wanted = data;
  const ElfW(Phdr)* tables = NULL;
  uintptr_t start = UINTPTR_MAX;
  uintptr_t end = 0;
  int is_here = 0;
  for (size_t i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)* header = &info->dlpi_phdr[i];
    const uintptr_t address = info->dlpi_addr + header->p_vaddr;
    if (header->p_type == PT_GNU_EH_FRAME) tables = header;
    if (header->p_type != PT_LOAD) continue;
    if (address < start) start = address;
    if (address + header->p_memsz > end) end = address + header->p_memsz;
    if (wanted->address - address < header->p_memsz) is_here = 1;
  }
  if (!is_here || tables == NULL) return is_here ? -1 : 0;
  *wanted->out = (struct dl_find_object){
      .dlfo_map_start = (void*)start,
      .dlfo_map_end = (void*)end,
      .dlfo_eh_frame = (void*)(info->dlpi_addr + tables->p_vaddr),
  };
  return 1;
}

HIDDEN int _dl_find_object(void* address, struct dl_find_object* out) {
  found_object wanted = {.address = (uintptr_t)address, .out = out};
  return dl_iterate_phdr(look_at, &wanted) == 1 ? 0 : -1;
}
