// The source of coldload_kept.so beside it, which is built once and kept: see README.md. A backend whose
// bytes are made up, and a strategy that reads one chunk after the other.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coldload/backend.h"
#include "coldload/strategy.h"

#define PREFERRED_BYTES 65536u

typedef struct kept {
  const coldload_host* host;
  uint64_t bytes;  // The option: of the object, or of a chunk.
} kept;

static coldload_status fail(coldload_error* error, coldload_status status, const char* message) {
  if (error != NULL) snprintf(error->message, sizeof error->message, "kept: %s", message);
  return status;
}

static coldload_status create(const coldload_host* host, const coldload_option_value* options,
                              uint32_t option_count, void** out, coldload_error* error) {
  kept* self = calloc(1, sizeof *self);
  if (self == NULL) return fail(error, COLDLOAD_OUT_OF_MEMORY, "out of memory");
  self->host = host;
  if (option_count == 1) self->bytes = options[0].as.quantity;
  *out = self;
  return COLDLOAD_OK;
}

static void destroy(void* self) {
  free(self);
}

static coldload_status list(void* self, const char* prefix, coldload_list_callback callback, void* context,
                            coldload_error* error) {
  (void)error;
  char key[4200];
  snprintf(key, sizeof key, "%s%skept.safetensors", prefix, prefix[0] == '\0' ? "" : "/");
  return callback(context, key, ((kept*)self)->bytes);
}

static void describe(uint64_t size_bytes, coldload_object_info* out) {
  out->capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_NO_LOCAL_CACHE;
  out->size_bytes = size_bytes;
  out->fd = -1;
  out->memory_alignment_bytes = 1;
  out->offset_alignment_bytes = 1;
  out->preferred_read_bytes = PREFERRED_BYTES;
  out->path = NULL;
}

static coldload_status probe(void* self, const char* prefix, uint32_t open_flags, coldload_object_info* out,
                             coldload_error* error) {
  (void)self;
  (void)prefix;
  (void)open_flags;
  (void)error;
  describe(0, out);
  return COLDLOAD_OK;
}

static coldload_status open_object(void* self, const char* key, uint32_t open_flags, void** out_object,
                                   coldload_object_info* out_info, coldload_error* error) {
  (void)open_flags;
  if (strstr(key, "kept.safetensors") == NULL) return fail(error, COLDLOAD_NOT_FOUND, "no such object");
  describe(((kept*)self)->bytes, out_info);
  *out_object = self;
  return COLDLOAD_OK;
}

static void close_object(void* self, void* object) {
  (void)self;
  (void)object;
}

// The byte at each offset is the offset's lowest.
static coldload_status read_at(void* object, uint64_t offset, void* buffer, uint64_t length,
                               coldload_error* error) {
  const uint64_t size_bytes = ((kept*)object)->bytes;
  if (offset > size_bytes || length > size_bytes - offset)
    return fail(error, COLDLOAD_IO_ERROR, "past the end");
  for (uint64_t i = 0; i < length; ++i) ((unsigned char*)buffer)[i] = (unsigned char)(offset + i);
  return COLDLOAD_OK;
}

static const coldload_backend_ops kBackendOps = {
    .struct_size = sizeof(coldload_backend_ops),
    .create = create,
    .destroy = destroy,
    .list = list,
    .probe = probe,
    .open = open_object,
    .close = close_object,
    .read_at = read_at,
};

static coldload_status requirements(void* self, const coldload_model_size* model, coldload_requirements* out,
                                    coldload_error* error) {
  (void)model;
  (void)error;
  out->capabilities = COLDLOAD_CAN_READ_AT;
  out->open_flags = 0;
  out->memory_alignment_bytes = 1;
  out->buffer_bytes = ((kept*)self)->bytes;
  out->buffers_in_flight = 1;
  out->thread_count = 1;
  out->extensions = NULL;
  return COLDLOAD_OK;
}

static coldload_status move(const coldload_job* job, uint32_t item, uint64_t offset, uint64_t length,
                            coldload_error* error) {
  const coldload_object* object = job->items[item].object;
  coldload_buffer buffer = {.struct_size = sizeof buffer};
  coldload_status status = job->acquire(job, item, offset, length, &buffer, error);
  if (status == COLDLOAD_OK) status = object->ops->read_at(object->self, offset, buffer.data, length, error);
  return status == COLDLOAD_OK ? job->deliver(job, &buffer, error) : status;
}

static coldload_status load(void* self, const coldload_job* job, coldload_error* error) {
  const kept* strategy = self;
  int64_t reads = 0;
  for (uint32_t item = 0; item < job->item_count; ++item) {
    const uint64_t size_bytes = job->items[item].size_bytes;
    for (uint64_t offset = 0; offset < size_bytes; offset += strategy->bytes) {
      const uint64_t rest = size_bytes - offset;
      if (strategy->host->cancelled(strategy->host)) return fail(error, COLDLOAD_CANCELLED, "cancelled");
      const coldload_status status =
          move(job, item, offset, rest < strategy->bytes ? rest : strategy->bytes, error);
      if (status != COLDLOAD_OK) return status;
      ++reads;
    }
  }
  const coldload_evidence evidence = {
      .struct_size = sizeof evidence, .type = COLDLOAD_OPTION_INT, .key = "reads", .as.integer = reads};
  strategy->host->evidence(strategy->host, &evidence);
  return COLDLOAD_OK;
}

static const coldload_strategy_ops kStrategyOps = {
    .struct_size = sizeof(coldload_strategy_ops),
    .create = create,
    .destroy = destroy,
    .requirements = requirements,
    .load = load,
};

static const coldload_option kSize = {
    .struct_size = sizeof(coldload_option),
    .type = COLDLOAD_OPTION_BYTES,
    .name = "size",
    .unit = "",
    .summary = "of the object",
    .default_value = "1 MiB",
    .minimum = "1 B",
    .maximum = "1 GiB",
};

static const coldload_option kChunk = {
    .struct_size = sizeof(coldload_option),
    .type = COLDLOAD_OPTION_BYTES,
    .name = "chunk",
    .unit = "",
    .summary = "asked for in one read",
    .default_value = "64 KiB",
    .minimum = "4 KiB",
    .maximum = "256 MiB",
};

static const coldload_component kBackend = {
    .struct_size = sizeof(coldload_component),
    .option_count = 1,
    .flags = COLDLOAD_COMPONENT_SYNTHETIC,
    .kind = COLDLOAD_KIND_BACKEND,
    .id = "kept_bytes",
    .summary = "made-up bytes, from a plugin of an earlier SDK",
    .options = &kSize,
    .ops = &kBackendOps,
};

static const coldload_component kStrategy = {
    .struct_size = sizeof(coldload_component),
    .option_count = 1,
    .kind = COLDLOAD_KIND_STRATEGY,
    .id = "kept_chunks",
    .summary = "one chunk after the other, from a plugin of an earlier SDK",
    .options = &kChunk,
    .ops = &kStrategyOps,
};

static const coldload_component* const kComponents[] = {&kBackend, &kStrategy};

COLDLOAD_EXPORT extern const coldload_plugin coldload_plugin_v1;
const coldload_plugin coldload_plugin_v1 = {
    .abi_major = COLDLOAD_ABI_MAJOR,
    .abi_minor = COLDLOAD_ABI_MINOR,
    .struct_size = sizeof(coldload_plugin),
    .component_count = sizeof kComponents / sizeof *kComponents,
    .id = "org.coldload.test.kept",
    .version = "0.1.0",
    .vendor = "coldload tests",
    .components = kComponents,
};
