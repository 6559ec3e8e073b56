// Optional for a backend: its objects are files below one directory, and a file made there becomes one of
// them. What a staging copy needs of its target.
#ifndef COLDLOAD_EXT_DIRECTORY_H
#define COLDLOAD_EXT_DIRECTORY_H

#include "coldload/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COLDLOAD_EXT_DIRECTORY "coldload.backend.directory/1"

typedef struct coldload_directory_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [control-thread] The directory that keys are relative to: an O_PATH descriptor, and its absolute path for
  // messages; both borrowed until destroy().
  coldload_status (*root)(void* backend, int32_t* out_fd, const char** out_path, coldload_error* error);
} coldload_directory_ops;

#ifdef __cplusplus
}
#endif

#endif
