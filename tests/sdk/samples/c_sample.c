// A strategy in C: one buffer, one read at a time.
#include <stdio.h>
#include <stdlib.h>

#include "coldload/strategy.h"

#define CHUNK_BYTES 65536u

typedef struct c_sample {
  const coldload_host* host;
} c_sample;

static coldload_status create(const coldload_host* host, const coldload_option_value* options,
                              uint32_t option_count, void** out, coldload_error* error) {
  (void)options;
  (void)option_count;
  c_sample* self = malloc(sizeof *self);
  if (self == NULL) {
    snprintf(error->message, sizeof error->message, "out of memory");
    return COLDLOAD_OUT_OF_MEMORY;
  }
  self->host = host;
  *out = self;
  return COLDLOAD_OK;
}

static void destroy(void* self) {
  free(self);
}

static coldload_status requirements(void* self, const coldload_model_size* model, coldload_requirements* out,
                                    coldload_error* error) {
  (void)self;
  (void)model;
  (void)error;
  out->capabilities = COLDLOAD_CAN_READ_AT;
  out->open_flags = 0;
  out->memory_alignment_bytes = 1;
  out->buffer_bytes = CHUNK_BYTES;
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
  // A buffer that is not delivered is the host's again when load() fails.
  return status == COLDLOAD_OK ? job->deliver(job, &buffer, error) : status;
}

static coldload_status load(void* self, const coldload_job* job, coldload_error* error) {
  const coldload_host* host = ((c_sample*)self)->host;
  for (uint32_t item = 0; item < job->item_count; ++item) {
    const uint64_t size_bytes = job->items[item].size_bytes;
    for (uint64_t offset = 0; offset < size_bytes; offset += CHUNK_BYTES) {
      const uint64_t rest = size_bytes - offset;
      if (host->cancelled(host)) return COLDLOAD_CANCELLED;
      const coldload_status status = move(job, item, offset, rest < CHUNK_BYTES ? rest : CHUNK_BYTES, error);
      if (status != COLDLOAD_OK) return status;
    }
  }
  return COLDLOAD_OK;
}

static const coldload_strategy_ops kOps = {
    .struct_size = sizeof(coldload_strategy_ops),
    .create = create,
    .destroy = destroy,
    .requirements = requirements,
    .load = load,
};

static const coldload_component kComponent = {
    .struct_size = sizeof(coldload_component),
    .kind = COLDLOAD_KIND_STRATEGY,
    .id = "c_sample",
    .summary = "one buffer, one read at a time, in C",
    .ops = &kOps,
};

static const coldload_component* const kComponents[] = {&kComponent};

COLDLOAD_EXPORT extern const coldload_plugin coldload_plugin_v1;
const coldload_plugin coldload_plugin_v1 = {
    .abi_major = COLDLOAD_ABI_MAJOR,
    .abi_minor = COLDLOAD_ABI_MINOR,
    .struct_size = sizeof(coldload_plugin),
    .component_count = 1,
    .id = "org.coldload.test.c_sample",
    .version = "0.1.0",
    .vendor = "coldload tests",
    .components = kComponents,
};
