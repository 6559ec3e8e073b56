// What the two halves of the null backend share.
#ifndef COLDLOAD_NULL_H
#define COLDLOAD_NULL_H

#include <stdatomic.h>
#include <stdint.h>

#include "coldload/backend.h"
#include "coldload/ext/async_read.h"

typedef struct null_backend {
  const coldload_host* host;
  uint64_t object_count;
  uint64_t object_bytes;
  uint64_t rate_bytes_per_second;  // 0: unlimited.
  uint64_t latency_ns;
  uint64_t open_objects;  // [control-thread]
  // The schedule of a limited rate; begins anew when the first object is opened.
  _Atomic uint64_t first_read_ns;  // 0: none yet.
  _Atomic uint64_t bytes_so_far;
} null_backend;

typedef struct null_object {
  null_backend* backend;
} null_object;

// Fills `error`, of which every function here may have none, and returns `status`.
coldload_status null_fail(coldload_error* error, coldload_status status, const char* format, ...)
    __attribute__((format(printf, 3, 4)));

// COLDLOAD_OK if [offset, offset + length) lies in an object.
coldload_status null_check_range(const null_backend* backend, uint64_t offset, uint64_t length,
                                 coldload_error* error);

// Counts `length` bytes and returns the host's time before which their read may not return; 0: at once.
uint64_t null_due_ns(null_backend* backend, uint64_t length);

// Sleeps until the host's clock says `due_ns`. COLDLOAD_CANCELLED within 50 ms of the host saying so.
coldload_status null_sleep_until(const null_backend* backend, uint64_t due_ns, coldload_error* error);

extern const coldload_async_read_ops null_async_read_ops;

#endif
