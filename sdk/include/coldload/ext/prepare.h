// Optional for a backend: work before its objects can be read at all, such as a staging copy. Timed apart.
#ifndef COLDLOAD_EXT_PREPARE_H
#define COLDLOAD_EXT_PREPARE_H

#include "coldload/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COLDLOAD_EXT_PREPARE "coldload.backend.prepare/1"

// list() and probe() answer before anything is prepared: what objects there will be, and what they will
// offer.
typedef struct coldload_prepare_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [control-thread] 1 if objects below `prefix` can be read as they are: prepared before, whole, and what
  // the source holds now.
  coldload_status (*is_prepared)(void* backend, const char* prefix, uint32_t* out_prepared,
                                 coldload_error* error);
  // [control-thread] Makes the objects below `prefix` readable, from the beginning even if they are.
  // `progress` may be called from any thread with the bytes done so far and in all. It is called by whoever
  // moved them, after each piece, and may wait there: so the host keeps a copy to a bandwidth.
  coldload_status (*prepare)(void* backend, const char* prefix,
                             void (*progress)(void* context, uint64_t done_bytes, uint64_t total_bytes),
                             void* context, coldload_error* error);
  // [control-thread] After the last run of a scenario: undoes prepare(), unless the backend's options say
  // that what it made stays. Removes only what carries this backend's own manifest.
  coldload_status (*discard)(void* backend, const char* prefix, coldload_error* error);
  // [control-thread] Reads what was prepared below `prefix` from where it lies now, past this machine's
  // memory where that can be, and compares it with what prepare() saw. INTEGRITY names the first object that
  // differs.
  coldload_status (*verify)(void* backend, const char* prefix,
                            void (*progress)(void* context, uint64_t done_bytes, uint64_t total_bytes),
                            void* context, coldload_error* error);
} coldload_prepare_ops;

#ifdef __cplusplus
}
#endif

#endif
