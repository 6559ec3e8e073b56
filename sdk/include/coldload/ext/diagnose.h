// Optional for a backend or a strategy: facts about its surroundings, for `coldload doctor`.
#ifndef COLDLOAD_EXT_DIAGNOSE_H
#define COLDLOAD_EXT_DIAGNOSE_H

#include "coldload/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COLDLOAD_EXT_DIAGNOSE "coldload.diagnose/1"

enum {
  COLDLOAD_DIAGNOSIS_OK = 0,
  COLDLOAD_DIAGNOSIS_WARNING = 1,
  COLDLOAD_DIAGNOSIS_ERROR = 2,
};

typedef struct coldload_diagnosis {
  uint32_t struct_size;
  uint32_t level;     // COLDLOAD_DIAGNOSIS_*
  const char* fact;   // "mount: ext4 on /dev/nvme0n1, read-ahead 128 KiB"
  const char* cause;  // Of a warning or an error; "" with OK.
  const char* fix;    // What to do about it; "" with OK.
} coldload_diagnosis;

typedef struct coldload_diagnose_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [control-thread] One callback per fact. `self` is the component's backend or strategy.
  coldload_status (*diagnose)(void* self, const char* prefix,
                              void (*callback)(void* context, const coldload_diagnosis* diagnosis),
                              void* context, coldload_error* error);
} coldload_diagnose_ops;

#ifdef __cplusplus
}
#endif

#endif
