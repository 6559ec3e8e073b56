// Reads under way: a ring of what was submitted, each with the time before which it may not end. They end in
// the order of their submission, inside wait(), which is also where the zeros are written.
#include <stdlib.h>
#include <string.h>

#include "null.h"

typedef struct pending_read {
  uint64_t tag;
  uint64_t due_ns;
  void* buffer;
  uint64_t length;
} pending_read;

typedef struct null_queue {
  null_backend* backend;
  uint32_t depth;
  uint32_t first;  // Of the reads under way, in `reads`.
  uint32_t count;
  pending_read reads[];
} null_queue;

static coldload_status queue_open(void* self, uint32_t depth, void** out_queue, coldload_error* error) {
  if (depth == 0) return null_fail(error, COLDLOAD_INTERNAL, "null: a queue of depth 0");
  null_queue* queue = calloc(1, sizeof *queue + depth * sizeof queue->reads[0]);
  if (queue == NULL) return null_fail(error, COLDLOAD_OUT_OF_MEMORY, "null: out of memory");
  queue->backend = self;
  queue->depth = depth;
  *out_queue = queue;
  return COLDLOAD_OK;
}

static coldload_status submit(void* self, void* object, uint64_t offset, uint64_t length, void* buffer,
                              uint64_t tag, coldload_error* error) {
  null_queue* queue = self;
  (void)object;
  if (queue->count == queue->depth) {
    return null_fail(error, COLDLOAD_INTERNAL, "null: more than %u reads submitted to a queue of that depth",
                     queue->depth);
  }
  const coldload_status status = null_check_range(queue->backend, offset, length, error);
  if (status != COLDLOAD_OK) return status;
  pending_read* read = &queue->reads[(queue->first + queue->count) % queue->depth];
  read->tag = tag;
  read->due_ns = null_due_ns(queue->backend, length);
  read->buffer = buffer;
  read->length = length;
  ++queue->count;
  return COLDLOAD_OK;
}

static void complete_first(null_queue* queue, coldload_completion* out) {
  const pending_read* read = &queue->reads[queue->first];
  memset(read->buffer, 0, (size_t)read->length);
  out->tag = read->tag;
  out->status = COLDLOAD_OK;
  queue->first = (queue->first + 1) % queue->depth;
  --queue->count;
}

static coldload_status wait_for(void* self, uint32_t min, uint32_t max, coldload_completion* out,
                                uint32_t* out_count, coldload_error* error) {
  null_queue* queue = self;
  const coldload_host* host = queue->backend->host;
  uint32_t done = 0;
  *out_count = 0;
  if (min > max) min = max;
  if (host->cancelled(host)) return null_fail(error, COLDLOAD_CANCELLED, "null: cancelled");
  while (done < max && queue->count > 0) {
    const uint64_t due_ns = queue->reads[queue->first].due_ns;
    if (due_ns != 0 && due_ns > host->now_ns(host)) {
      if (done >= min) break;
      const coldload_status status = null_sleep_until(queue->backend, due_ns, error);
      if (status != COLDLOAD_OK) return status;
    }
    complete_first(queue, &out[done]);
    *out_count = ++done;
  }
  if (done >= min) return COLDLOAD_OK;
  return null_fail(error, COLDLOAD_INTERNAL, "null: waited for %u reads, only %u were under way", min, done);
}

// Nothing writes to a buffer between two calls, so forgetting the reads gives them all back.
static void cancel_all(void* self) {
  ((null_queue*)self)->count = 0;
}

static void queue_close(void* self) {
  free(self);
}

const coldload_async_read_ops null_async_read_ops = {
    .struct_size = sizeof(coldload_async_read_ops),
    .queue_open = queue_open,
    .submit = submit,
    .wait = wait_for,
    .cancel_all = cancel_all,
    .queue_close = queue_close,
};
