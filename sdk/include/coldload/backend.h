// Storage backends: where the bytes come from.
#ifndef COLDLOAD_BACKEND_H
#define COLDLOAD_BACKEND_H

#include "coldload/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COLDLOAD_KIND_BACKEND "coldload.backend/1"

// What one opened object can do. Told by the object, not by the plugin: the same backend may meet a file
// system that refuses O_DIRECT. None by default; a bit is set only after trying.
enum {
  COLDLOAD_CAN_READ_AT = 1u << 0,         // read_at() works, from several threads at once.
  COLDLOAD_CAN_FD = 1u << 1,              // info.fd is a descriptor for exactly this object's bytes.
  COLDLOAD_CAN_MAP = 1u << 2,             // mmap(PROT_READ, MAP_PRIVATE) of info.fd works.
  COLDLOAD_CAN_DIRECT = 1u << 3,          // Reads of this object bypass the page cache.
  COLDLOAD_CAN_PATH = 1u << 4,            // info.path is a file that other programs can open.
  COLDLOAD_CAN_EVICT = 1u << 5,           // evict() makes the next read cold.
  COLDLOAD_CAN_RESIDENCY = 1u << 6,       // residency() tells the truth.
  COLDLOAD_CAN_NO_LOCAL_CACHE = 1u << 7,  // Nothing read stays on this machine: every read is a cold one.
};

enum {
  COLDLOAD_OPEN_DIRECT = 1u << 0,  // Asked for by the strategy; granted if CAN_DIRECT comes back.
};

typedef struct coldload_object_info {
  uint32_t struct_size;
  uint32_t capabilities;  // COLDLOAD_CAN_*
  uint64_t size_bytes;
  int32_t fd;  // -1 without CAN_FD. Borrowed until close(): never close, seek or fcntl it.
  uint32_t memory_alignment_bytes;  // Of buffers, at least 1.
  uint32_t offset_alignment_bytes;  // Of offsets and lengths, at least 1, at most 4096.
  uint32_t reserved;
  uint64_t preferred_read_bytes;  // 0: no preference.
  const char* path;               // NULL without CAN_PATH. Absolute, links resolved, borrowed until close().
  // Changes whenever the object's bytes do: an ETag, a time of modification. NULL: cannot be known. Borrowed
  // until close(). The first hosts and plugins of ABI 0.2 end before it: struct_size tells.
  const char* version;
} coldload_object_info;

// [control-thread] Called by list() once for each object, on the caller's thread. Anything but COLDLOAD_OK
// ends the listing and is what list() returns.
typedef coldload_status (*coldload_list_callback)(void* context, const char* key, uint64_t size_bytes);

typedef struct coldload_backend_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [control-thread] No I/O beyond what proves the options right. `*out` is set on COLDLOAD_OK only.
  coldload_status (*create)(const coldload_host* host, const coldload_option_value* options,
                            uint32_t option_count, void** out, coldload_error* error);
  // [control-thread] After every object is closed. Joins the backend's own threads.
  void (*destroy)(void* backend);
  // [control-thread] Every object below `prefix` ('/'-separated, no slash at either end; "" is all), any
  // depth, in any order. Keys are relative to the backend's root, prefix included. A link counts as what it
  // points to. NOT_FOUND if nothing of that name exists.
  coldload_status (*list)(void* backend, const char* prefix, coldload_list_callback callback, void* context,
                          coldload_error* error);
  // [control-thread] What objects below `prefix` will offer when opened with these flags, found by trying;
  // `fd`, `path` and `size_bytes` stay unset. Reads no object bytes.
  coldload_status (*probe)(void* backend, const char* prefix, uint32_t open_flags,
                           coldload_object_info* out_info, coldload_error* error);
  // [control-thread] Reads no object bytes.
  coldload_status (*open)(void* backend, const char* key, uint32_t open_flags, void** out_object,
                          coldload_object_info* out_info, coldload_error* error);
  // [control-thread]
  void (*close)(void* backend, void* object);
  // [worker-thread] Reads exactly `length` bytes, or fails: a range past the end is an error. On an object
  // opened DIRECT the offset is aligned, a length may be unaligned only where it ends the object, and the
  // buffer has room for the length rounded up.
  coldload_status (*read_at)(void* object, uint64_t offset, void* buffer, uint64_t length,
                             coldload_error* error);
  // [control-thread] Makes the next read cold: dirty pages are written first. Required with CAN_EVICT, else
  // it may be NULL.
  coldload_status (*evict)(void* object, coldload_error* error);
  // [control-thread] Bytes of the object that lie in a cache of this machine. Required with CAN_RESIDENCY,
  // else it may be NULL.
  coldload_status (*residency)(void* object, uint64_t* out_bytes, coldload_error* error);
  // [any-thread] Optional interfaces by id, e.g. COLDLOAD_EXT_ASYNC_READ; or NULL.
  const void* (*get_extension)(void* backend, const char* id);
} coldload_backend_ops;

// An opened backend as another component meets it (option type BACKEND).
typedef struct coldload_backend {
  const coldload_backend_ops* ops;
  void* self;
} coldload_backend;

// An opened object as a strategy meets it.
typedef struct coldload_object {
  const coldload_backend_ops* ops;
  void* backend;
  void* self;
  const coldload_object_info* info;
  const char* key;
} coldload_object;

#ifdef __cplusplus
}
#endif

#endif
