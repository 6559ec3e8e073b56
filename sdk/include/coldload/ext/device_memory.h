// For strategies that bring bytes into a device's memory by themselves: where they belong, and how to say
// that they are there.
#ifndef COLDLOAD_EXT_DEVICE_MEMORY_H
#define COLDLOAD_EXT_DEVICE_MEMORY_H

#include "coldload/destination.h"

#ifdef __cplusplus
extern "C" {
#endif

// Offered by a destination, through its get_extension, once begin() returned.
#define COLDLOAD_EXT_DEVICE_MEMORY "coldload.destination.device_memory/1"

typedef struct coldload_device_memory {
  uint32_t struct_size;
  uint32_t reserved;
  void* self;
  // [any-thread] The address of the item's first byte in device memory, valid until the destination is
  // destroyed.
  coldload_status (*address_of)(void* self, uint32_t item, uint64_t* out, coldload_error* error);
  // [any-thread] Makes the device's context the calling thread's.
  coldload_status (*make_current)(void* self, coldload_error* error);
} coldload_device_memory;

// Offered to strategies by the host.
#define COLDLOAD_HOST_EXT_PLACING "coldload.host.placing/1"

typedef struct coldload_placing_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [control-thread] NULL where the job's destination is not a device's memory.
  const coldload_device_memory* (*device_memory)(const coldload_job* job);
  // [worker-thread] Bytes [offset, offset + length) of `item` lie at their address: they count as delivered.
  coldload_status (*placed)(const coldload_job* job, uint32_t item, uint64_t offset, uint64_t length,
                            coldload_error* error);
} coldload_placing_ops;

#ifdef __cplusplus
}
#endif

#endif
