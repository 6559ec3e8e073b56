// How fast a component's device is by itself, without any load: what a case's rate is compared with.
#ifndef COLDLOAD_EXT_CEILINGS_H
#define COLDLOAD_EXT_CEILINGS_H

#include "coldload/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COLDLOAD_EXT_CEILINGS "coldload.ceilings/1"

typedef struct coldload_ceiling {
  uint32_t struct_size;
  uint32_t reserved;
  const char* tag;          // "gpu/pinned_to_device"
  double bytes_per_second;  // Finite, above 0.
  uint64_t block_bytes;     // Moved at a time.
} coldload_ceiling;

typedef struct coldload_ceilings_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [control-thread] Measures for at most two seconds a ceiling and calls `found` once for each. What it
  // measured on (a device's name, its memory) it tells the host as evidence. UNSUPPORTED where there is no
  // such device.
  coldload_status (*measure)(void* component, void (*found)(void* context, const coldload_ceiling* ceiling),
                             void* context, coldload_error* error);
} coldload_ceilings_ops;

#ifdef __cplusplus
}
#endif

#endif
