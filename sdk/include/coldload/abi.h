// coldload plugin ABI: the types every plugin kind shares. C11, no dependencies.
//
// Rules that hold for every declaration in coldload/*.h and coldload/ext/*.h:
// - Strings are UTF-8 and NUL-terminated. A string passed to a call is valid until it returns, unless a
//   longer life is stated.
// - Sizes and offsets are uint64_t bytes; times are uint64_t nanoseconds. No C enum type, bitfield, long or
//   size_t appears in a struct or a signature: their width is not ours to fix.
// - Each function names the threads it may be called on: [control-thread] (one thread, the one that created
//   the component), [worker-thread] (any thread the strategy started, several at once), [any-thread].
// - Whoever allocates frees. No pointer changes owner across this boundary.
// - No exception crosses this boundary, in either direction.
// - Every struct that may grow starts with, or holds, `struct_size`: fields past it do not exist.
// - A call that blocks returns COLDLOAD_CANCELLED within 100 ms of the host's cancelled() saying so. A
// blocked
//   system call may not; the end of the worker process is for that.
#ifndef COLDLOAD_ABI_H
#define COLDLOAD_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A plugin is loaded if the majors are equal. A minor only ever adds: a field at the end of a struct (see
// struct_size), an option type, an extension id. While the major is 0 the minor must be equal too.
#define COLDLOAD_ABI_MAJOR 0u
#define COLDLOAD_ABI_MINOR 2u

#if defined(__GNUC__)
#define COLDLOAD_EXPORT __attribute__((visibility("default")))
#else
#define COLDLOAD_EXPORT
#endif

// Says what the reader of a failure should do.
enum {
  COLDLOAD_OK = 0,
  COLDLOAD_INVALID_OPTION = 1,  // The scenario's fault: reported with its file and line.
  COLDLOAD_UNSUPPORTED = 2,     // This combination cannot run here: the case is skipped, not failed.
  COLDLOAD_NOT_FOUND = 3,
  COLDLOAD_PERMISSION_DENIED = 4,
  COLDLOAD_IO_ERROR = 5,  // os_error holds errno, or the HTTP status negated.
  COLDLOAD_TIMED_OUT = 6,
  COLDLOAD_CANCELLED = 7,
  COLDLOAD_OUT_OF_MEMORY = 8,
  COLDLOAD_INTERNAL = 9,    // A bug in the plugin or the host: the message says which.
  COLDLOAD_INTEGRITY = 10,  // The bytes are not what they should be.
};
typedef int32_t coldload_status;

// Filled by the callee when it returns anything but COLDLOAD_OK; allocated by the caller, who sets
// struct_size. `message` starts lower-case, has no final period, and carries the object and the numbers:
// "s3://m/a.bin: bytes 8388608-16777215: 503 after 3 tries in 4.1 s".
typedef struct coldload_error {
  uint32_t struct_size;
  int32_t os_error;    // errno, a negated HTTP status, or 0.
  uint32_t retryable;  // 1 if the same call may succeed later.
  char message[500];
} coldload_error;

// The type of an option says how a scenario writes it and which member of coldload_option_value holds it.
enum {
  COLDLOAD_OPTION_BOOL = 1,      // true                  integer, 0 or 1
  COLDLOAD_OPTION_INT = 2,       // 16                    integer
  COLDLOAD_OPTION_FLOAT = 3,     // 0.5                   real
  COLDLOAD_OPTION_STRING = 4,    // "text"                text
  COLDLOAD_OPTION_CHOICE = 5,    // one of `choices`      text
  COLDLOAD_OPTION_BYTES = 6,     // "8 MiB"               quantity, bytes
  COLDLOAD_OPTION_DURATION = 7,  // "250 ms"              quantity, nanoseconds
  COLDLOAD_OPTION_RATE = 8,      // "2 Gbit/s"            quantity, bytes per second
  COLDLOAD_OPTION_SECRET = 9,    // "env:N", "file:PATH"  text, the secret itself; no result or log shows it
  COLDLOAD_OPTION_BACKEND = 10,  // "name"                backend, opened, valid until destroy() returned
  COLDLOAD_OPTION_LIST = 11,     // ["a", "b"]            list
  COLDLOAD_OPTION_MAP = 12,      // { k = "v" }           list, keys and values in turn
  COLDLOAD_OPTION_PATH = 13,     // "models"              text, absolute: relative to the scenario's folder
};

enum {
  COLDLOAD_OPTION_REQUIRED = 1u << 0,
};

// One option of one component. The host parses, checks, fills defaults and documents from this table, so a
// component never sees a missing, misspelt or out-of-range value. An array given to an option that is
// neither LIST nor MAP makes one case per element.
typedef struct coldload_option {
  uint32_t struct_size;
  uint32_t type;   // COLDLOAD_OPTION_*
  uint32_t flags;  // COLDLOAD_OPTION_REQUIRED
  uint32_t reserved;
  const char* name;           // "part_size": snake_case, stable for ever, no unit in it.
  const char* unit;           // Of INT and FLOAT: "threads", "requests"; "" where the type says it.
  const char* summary;        // One line, shown by `coldload describe`.
  const char* default_value;  // As a scenario would write it, strings without quotes; NULL only if REQUIRED.
                              // LIST: elements separated by ','. MAP: "k=v,…". "" is the empty one.
  const char* minimum;        // INT, FLOAT, BYTES, DURATION, RATE: as a scenario would write it, or NULL.
  const char* maximum;
  const char* const* choices;  // CHOICE: NULL-terminated; else NULL.
} coldload_option;

typedef struct coldload_option_list {
  uint32_t count;
  uint32_t reserved;
  const char* const* items;
} coldload_option_list;

typedef struct coldload_option_value {
  uint32_t struct_size;
  uint32_t type;  // COLDLOAD_OPTION_*
  const char* name;
  union {
    int64_t integer;            // BOOL, INT
    uint64_t quantity;          // BYTES, DURATION, RATE
    double real;                // FLOAT
    const char* text;           // STRING, CHOICE, SECRET
    const void* backend;        // BACKEND: const coldload_backend *
    coldload_option_list list;  // LIST, MAP
  } as;
} coldload_option_value;

// A measurement that a component adds to its run, e.g. {"s3/retries", "count", 3}. `tag` is
// "<component id>/<name>"; tags without a slash are the host's. A metric that could not be taken is not
// recorded.
typedef struct coldload_metric {
  uint32_t struct_size;
  uint32_t reserved;
  const char* tag;
  const char* unit;  // "ns", "bytes", "bytes/s", "count", "ratio"
  double value;      // Finite.
} coldload_metric;

// What a component really did, as opposed to what it was asked: {"direct", "true"}, {"ring_flags",
// "SINGLE_ISSUER|COOP_TASKRUN"}. The last value given for a key stands.
typedef struct coldload_evidence {
  uint32_t struct_size;
  uint32_t type;  // COLDLOAD_OPTION_BOOL, _INT or _STRING
  const char* key;
  union {
    int64_t integer;
    const char* text;
  } as;
} coldload_evidence;

enum {
  COLDLOAD_LOG_DEBUG = 0,
  COLDLOAD_LOG_INFO = 1,
  COLDLOAD_LOG_WARNING = 2,
  COLDLOAD_LOG_ERROR = 3,
};

// What the host offers a component. Valid from create() until destroy() returned.
typedef struct coldload_host {
  uint32_t struct_size;
  uint32_t abi_minor;
  void* host_data;
  // [any-thread]
  void (*log)(const struct coldload_host* host, uint32_t level, const char* message);
  // [any-thread] Adds to the run in progress; ignored between runs.
  void (*record)(const struct coldload_host* host, const coldload_metric* metric);
  // [any-thread] Likewise.
  void (*evidence)(const struct coldload_host* host, const coldload_evidence* evidence);
  // [any-thread] The run's time does not stand for the case, and why: "s3: 3 retries".
  void (*disturbed)(const struct coldload_host* host, const char* reason);
  // [any-thread] The clock of every timestamp in a result: CLOCK_MONOTONIC, nanoseconds.
  uint64_t (*now_ns)(const struct coldload_host* host);
  // [any-thread] 1 once the run should stop; cheap, poll it at least once per chunk.
  uint32_t (*cancelled)(const struct coldload_host* host);
  // [any-thread] A host-side extension by id, such as COLDLOAD_HOST_EXT_DIGEST, or NULL.
  const void* (*get_extension)(const struct coldload_host* host, const char* id);
  const char* instance;  // What the scenario names this component: "lake-to-nvme".
} coldload_host;

enum {
  COLDLOAD_COMPONENT_RUNS_PROGRAMS = 1u << 0,  // Needs --allow-commands.
  COLDLOAD_COMPONENT_EXTERNAL = 1u << 1,   // A strategy that delivers nothing: coverage, checksum and first
                                           // byte are recorded as not observed.
  COLDLOAD_COMPONENT_SYNTHETIC = 1u << 2,  // A backend whose bytes are made up, not stored anywhere.
  COLDLOAD_COMPONENT_EMULATED = 1u << 3,   // A backend that stands in for another path; every record says so.
};

// One thing a plugin provides. All const data: a scan reads it and runs no plugin code.
typedef struct coldload_component {
  uint32_t struct_size;
  uint32_t option_count;
  uint32_t flags;  // COLDLOAD_COMPONENT_*
  uint32_t reserved;
  const char* kind;     // COLDLOAD_KIND_BACKEND, _STRATEGY, _DESTINATION
  const char* id;       // "s3": what a scenario writes; snake_case.
  const char* summary;  // One line.
  const coldload_option* options;
  const char* const* schemes;  // A backend's URL schemes, NULL-terminated {"s3"}; or NULL.
  const void* ops;             // The kind's table, e.g. const coldload_backend_ops *.
} coldload_component;

typedef struct coldload_plugin {
  uint32_t abi_major;  // COLDLOAD_ABI_MAJOR. These first three fields never move.
  uint32_t abi_minor;  // COLDLOAD_ABI_MINOR
  uint32_t struct_size;
  uint32_t component_count;
  const char* id;       // "org.coldload.s3": reverse URI, unique.
  const char* version;  // Of the plugin, "1.4.2".
  const char* vendor;
  const coldload_component* const* components;
  // Process-wide set-up and its undoing, or NULL. Called in a process that is about to use a component,
  // never by a scan. [control-thread]
  coldload_status (*init)(coldload_error* error);
  void (*deinit)(void);
} coldload_plugin;

// The one symbol a plugin exports: `const coldload_plugin coldload_plugin_v1`.
#define COLDLOAD_PLUGIN_SYMBOL "coldload_plugin_v1"

#ifdef __cplusplus
}
#endif

#endif
