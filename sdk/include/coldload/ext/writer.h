// Optional for a backend: it can take new objects.
#ifndef COLDLOAD_EXT_WRITER_H
#define COLDLOAD_EXT_WRITER_H

#include "coldload/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COLDLOAD_EXT_WRITER "coldload.backend.writer/1"

typedef struct coldload_writer_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [control-thread] Readers see `key` only after commit().
  coldload_status (*create)(void* backend, const char* key, uint64_t size_bytes, void** out_writer,
                            coldload_error* error);
  // [worker-thread] Disjoint ranges may be written at once.
  coldload_status (*write_at)(void* writer, uint64_t offset, const void* data, uint64_t length,
                              coldload_error* error);
  // [control-thread] Durable when it returns OK. Ends the writer, whatever it returns.
  coldload_status (*commit)(void* writer, coldload_error* error);
  // [control-thread] Ends the writer and leaves no object.
  void (*abort)(void* writer);
  // [control-thread]
  coldload_status (*free_bytes)(void* backend, uint64_t* out_bytes, coldload_error* error);
  // [control-thread] Removes one object that this backend wrote.
  coldload_status (*remove)(void* backend, const char* key, coldload_error* error);
  // [control-thread] Removes what an interrupted writer left behind; counts it.
  coldload_status (*sweep)(void* backend, uint32_t* out_removed, coldload_error* error);
} coldload_writer_ops;

#ifdef __cplusplus
}
#endif

#endif
