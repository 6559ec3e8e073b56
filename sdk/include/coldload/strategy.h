// Load strategies: how the bytes are brought in.
#ifndef COLDLOAD_STRATEGY_H
#define COLDLOAD_STRATEGY_H

#include "coldload/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COLDLOAD_KIND_STRATEGY "coldload.strategy/1"

// A buffer's address is congruent to its file offset modulo this.
#define COLDLOAD_BUFFER_PAGE_BYTES 4096u
// In coldload_buffer.region: the buffer lies in no single region, so it cannot be a registered one.
#define COLDLOAD_NO_REGION UINT32_MAX

// What a strategy will load, before anything is opened.
typedef struct coldload_model_size {
  uint32_t struct_size;
  uint32_t item_count;
  uint64_t total_bytes;
  uint64_t largest_item_bytes;
} coldload_model_size;

// What a strategy needs. A case whose backend or destination lacks any of it is skipped with what is missing
// named, before anything is timed.
typedef struct coldload_requirements {
  uint32_t struct_size;
  uint32_t capabilities;            // COLDLOAD_CAN_* that every object must have.
  uint32_t open_flags;              // COLDLOAD_OPEN_*
  uint32_t memory_alignment_bytes;  // Over and above the objects' own; a power of two, at least 1.
  uint64_t buffer_bytes;       // The longest range it will acquire; its chunks are cut at multiples of this
                               // from each object's start. 0: it delivers only mapped memory.
  uint32_t buffers_in_flight;  // Buffers it holds at once; also with 0 buffer_bytes. 0: it delivers nothing.
  uint32_t thread_count;       // Threads that load() will have running, the calling one included if it reads.
  const char* const* extensions;  // Ids that the backend must offer, NULL-terminated; or NULL.
  // What load() and teardown() allow themselves over and above the bytes' reading, such as a program's start;
  // the time-out that the host derives is longer by it. 0: nothing.
  uint64_t own_time_ns;
} coldload_requirements;

// A named range of an item: its header, then its tensors.
typedef struct coldload_extent {
  const char* name;  // "" is the header.
  uint64_t offset;
  uint64_t length;
} coldload_extent;

// One object to bring in: bytes [0, size_bytes).
typedef struct coldload_item {
  const coldload_object* object;
  uint64_t size_bytes;
  uint32_t extent_count;
  uint32_t reserved;
  const coldload_extent* extents;  // By offset, covering the item exactly, without gaps.
} coldload_item;

// A piece of memory that buffers are cut from, at most 1 GiB, page-aligned.
typedef struct coldload_region {
  void* data;
  uint64_t length_bytes;
} coldload_region;

typedef struct coldload_buffer {
  uint32_t struct_size;
  uint32_t region;          // Index into the job's regions that holds it whole, or COLDLOAD_NO_REGION.
  void* data;               // Congruent to `offset` modulo COLDLOAD_BUFFER_PAGE_BYTES.
  uint64_t capacity_bytes;  // At least `length` rounded up to the alignment.
  uint32_t item;
  uint32_t reserved;
  uint64_t offset;  // Of the item's bytes it was acquired for.
  uint64_t length;
  uint64_t token;  // The host's, as the next one.
  uint64_t acquired_ns;
} coldload_buffer;

typedef struct coldload_job {
  uint32_t struct_size;
  uint32_t item_count;
  const coldload_item* items;
  const coldload_region* regions;  // May be registered with a ring in setup().
  uint32_t region_count;
  uint32_t reserved;
  void* host_data;
  // [worker-thread] A buffer for bytes [offset, offset + length) of `item`. Waits while the pool is empty;
  // COLDLOAD_CANCELLED once the run stops. Any other failure is a fault of the strategy (a range outside the
  // item, longer than it required) or of the destination.
  coldload_status (*acquire)(const struct coldload_job* job, uint32_t item, uint64_t offset, uint64_t length,
                             coldload_buffer* out, coldload_error* error);
  // [worker-thread] All `buffer->length` bytes have landed. The buffer is the host's again, even on failure.
  // Delivered ranges cover each item exactly once, in any order.
  coldload_status (*deliver)(const struct coldload_job* job, const coldload_buffer* buffer,
                             coldload_error* error);
  // [worker-thread] For memory that the strategy mapped: the host copies (or, where the case says so, only
  // touches) the range on this thread; `data` need not stay valid afterwards.
  coldload_status (*deliver_mapped)(const struct coldload_job* job, uint32_t item, uint64_t offset,
                                    uint64_t length, const void* data, coldload_error* error);
} coldload_job;

typedef struct coldload_strategy_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [control-thread]
  coldload_status (*create)(const coldload_host* host, const coldload_option_value* options,
                            uint32_t option_count, void** out, coldload_error* error);
  // [control-thread]
  void (*destroy)(void* strategy);
  // [control-thread] Pure: the planner calls it to see whether a pairing can run.
  coldload_status (*requirements)(void* strategy, const coldload_model_size* model,
                                  coldload_requirements* out, coldload_error* error);
  // [control-thread] Before the cache state is made: rings, registration of regions and descriptors. Reads no
  // object bytes. May say UNSUPPORTED with the reason. NULL if there is nothing to set up.
  coldload_status (*setup)(void* strategy, const coldload_job* job, coldload_error* error);
  // [control-thread] The timed call. Returns when every range is delivered, or on the first error; with all
  // of its threads joined and no I/O in flight. When it fails, all acquired buffers are the host's again.
  coldload_status (*load)(void* strategy, const coldload_job* job, coldload_error* error);
  // [control-thread] Undoes setup(), and gives back what load() mapped. NULL if there is nothing.
  void (*teardown)(void* strategy);
  // [any-thread] Optional interfaces by id, or NULL.
  const void* (*get_extension)(void* strategy, const char* id);
} coldload_strategy_ops;

#ifdef __cplusplus
}
#endif

#endif
