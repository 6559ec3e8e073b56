// Destinations: where the bytes end up, where that is not this process's ordinary memory.
#ifndef COLDLOAD_DESTINATION_H
#define COLDLOAD_DESTINATION_H

#include "coldload/strategy.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COLDLOAD_KIND_DESTINATION "coldload.destination/1"

// What the buffers are made of that a destination hands out, apart from their alignment.
enum {
  COLDLOAD_MEMORY_HOST = 1,    // ordinary pages
  COLDLOAD_MEMORY_PINNED = 2,  // pages that a device reads by itself, locked for it
};

// What a load will need: from the strategy's requirements and the opened objects.
typedef struct coldload_destination_needs {
  uint32_t struct_size;
  uint32_t item_count;
  const uint64_t* item_bytes;  // Of each item; borrowed until begin() returns.
  uint64_t buffer_bytes;       // The longest range that will be acquired. 0: only mapped memory is delivered.
  uint32_t buffers_in_flight;  // Buffers held at once, or threads that deliver mapped memory; 0: nothing is
                               // delivered.
  uint32_t alignment_bytes;    // Of addresses and capacities; a power of two.
} coldload_destination_needs;

// What begin() made; valid until destroy().
typedef struct coldload_destination_pool {
  uint32_t struct_size;
  uint32_t memory;  // COLDLOAD_MEMORY_*
  uint32_t region_count;
  uint32_t buffer_count;
  const coldload_region* regions;  // Each at most 1 GiB: what a ring may register.
} coldload_destination_pool;

// Ranges lie inside their item, buffers come back as they were handed out, each once: the host has seen to
// it.
typedef struct coldload_destination_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [control-thread] Touches no device: that is begin().
  coldload_status (*create)(const coldload_host* host, const coldload_option_value* options,
                            uint32_t option_count, void** out, coldload_error* error);
  // [control-thread] Also after a failed or unfinished load: waits for what is under way, then gives all
  // memory back.
  void (*destroy)(void* destination);
  // [control-thread] Once, before the cache state is made and outside the clock: devices, memory, pinning.
  // UNSUPPORTED skips the case with its message, OUT_OF_MEMORY fails it.
  coldload_status (*begin)(void* destination, const coldload_destination_needs* needs,
                           coldload_destination_pool* out, coldload_error* error);
  // [worker-thread] As coldload_job.acquire. `out` has every field but region, data, capacity_bytes and token
  // filled in.
  coldload_status (*acquire)(void* destination, uint32_t item, uint64_t offset, uint64_t length,
                             coldload_buffer* out, coldload_error* error);
  // [worker-thread] As coldload_job.deliver. May return before the bytes have moved on; the buffer is the
  // destination's until then. A failure that comes later is finish()'s.
  coldload_status (*deliver)(void* destination, const coldload_buffer* buffer, coldload_error* error);
  // [worker-thread] As coldload_job.deliver_mapped.
  coldload_status (*deliver_mapped)(void* destination, uint32_t item, uint64_t offset, uint64_t length,
                                    const void* data, coldload_error* error);
  // [control-thread] Inside the clock, after load() returned: comes back when every byte is where it belongs.
  coldload_status (*finish)(void* destination, coldload_error* error);
  // [any-thread] Wakes every waiting acquire(), which then returns CANCELLED, as do those that follow.
  void (*cancel)(void* destination);
  // [control-thread] Outside the clock, after finish(): bytes of an item as they lie there, for verification.
  // NULL where nothing is kept: what is delivered is verified then, on its way.
  coldload_status (*read_back)(void* destination, uint32_t item, uint64_t offset, void* buffer,
                               uint64_t length, coldload_error* error);
  // [any-thread] Optional interfaces by id, or NULL.
  const void* (*get_extension)(void* destination, const char* id);
} coldload_destination_ops;

#ifdef __cplusplus
}
#endif

#endif
