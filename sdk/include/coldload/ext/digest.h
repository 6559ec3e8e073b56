// What the host offers a component (coldload_host.get_extension): the digest that verification, manifests and
// the model generator share. XXH3-128 over the XXH3-128 of an object's 64 KiB blocks in order; ranges may
// come in any order.
#ifndef COLDLOAD_EXT_DIGEST_H
#define COLDLOAD_EXT_DIGEST_H

#include "coldload/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define COLDLOAD_HOST_EXT_DIGEST "coldload.host.digest/1"
#define COLDLOAD_DIGEST_TEXT_BYTES 33  // 32 hexadecimal digits and a NUL.

typedef struct coldload_digest_ops {
  uint32_t struct_size;
  uint32_t reserved;
  // [any-thread] Of an object of `size_bytes`; holds 17 bytes for each 64 KiB of it.
  coldload_status (*begin)(uint64_t size_bytes, void** out_digest, coldload_error* error);
  // [worker-thread] Takes in the object's bytes from `offset`, each byte once; several ranges at once.
  coldload_status (*add)(void* digest, uint64_t offset, const void* data, uint64_t length,
                         coldload_error* error);
  // [any-thread] After the last add() returned. INTEGRITY where bytes are missing.
  coldload_status (*finish)(void* digest, char out_text[COLDLOAD_DIGEST_TEXT_BYTES], coldload_error* error);
  // [any-thread]
  void (*end)(void* digest);
} coldload_digest_ops;

#ifdef __cplusplus
}
#endif

#endif
