// Optional for a backend: many reads under way on one thread.
#ifndef COLDLOAD_EXT_ASYNC_READ_H
#define COLDLOAD_EXT_ASYNC_READ_H

#include "coldload/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COLDLOAD_EXT_ASYNC_READ "coldload.backend.async_read/1"

typedef struct coldload_completion {
  uint64_t tag;  // As submitted.
  coldload_status status;
  uint32_t reserved;
  coldload_error error;  // Filled unless status is COLDLOAD_OK.
} coldload_completion;

// One queue belongs to one thread at a time; queues are independent of each other.
typedef struct coldload_async_read_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [worker-thread] A queue for at most `depth` reads at once.
  coldload_status (*queue_open)(void* backend, uint32_t depth, void** out_queue, coldload_error* error);
  // [worker-thread] Starts one read; never blocks. The buffer is the backend's until the completion with
  // `tag` is returned by wait(). Ranges as for read_at(). Fails if `depth` reads are under way.
  coldload_status (*submit)(void* queue, void* object, uint64_t offset, uint64_t length, void* buffer,
                            uint64_t tag, coldload_error* error);
  // [worker-thread] Waits until at least `min` reads ended (0: only looks), writes at most `max` of them and
  // their number. Returns COLDLOAD_CANCELLED when the run stops.
  coldload_status (*wait)(void* queue, uint32_t min, uint32_t max, coldload_completion* out,
                          uint32_t* out_count, coldload_error* error);
  // [worker-thread] Ends all reads under way; when it returns, no buffer is the backend's any more.
  void (*cancel_all)(void* queue);
  // [worker-thread] After cancel_all(), or with nothing under way.
  void (*queue_close)(void* queue);
} coldload_async_read_ops;

#ifdef __cplusplus
}
#endif

#endif
