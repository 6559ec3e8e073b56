// A backend with an option of every type, which says through evidence what reached it, and misbehaves as
// asked.
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coldload/backend.h"
#include "coldload/strategy.h"

static int init_calls;

typedef struct every {
  const coldload_host* host;
  const coldload_backend* inner;
  char behave[40];
} every;

static void say(const coldload_host* host, const char* key, const char* text) {
  const coldload_evidence evidence = {
      .struct_size = sizeof evidence, .type = COLDLOAD_OPTION_STRING, .key = key, .as.text = text};
  host->evidence(host, &evidence);
}

static void say_option(const coldload_host* host, const coldload_option_value* value) {
  char text[400] = "";
  size_t used = 0;
  switch (value->type) {
    case COLDLOAD_OPTION_BOOL:
    case COLDLOAD_OPTION_INT:
      snprintf(text, sizeof text, "%" PRId64, value->as.integer);
      break;
    case COLDLOAD_OPTION_FLOAT:
      snprintf(text, sizeof text, "%.3f", value->as.real);
      break;
    case COLDLOAD_OPTION_BYTES:
    case COLDLOAD_OPTION_DURATION:
    case COLDLOAD_OPTION_RATE:
      snprintf(text, sizeof text, "%" PRIu64, value->as.quantity);
      break;
    case COLDLOAD_OPTION_BACKEND:
      snprintf(text, sizeof text, "%s", value->as.backend == NULL ? "none" : "a backend");
      break;
    case COLDLOAD_OPTION_LIST:
    case COLDLOAD_OPTION_MAP:
      for (uint32_t i = 0; i < value->as.list.count && used < sizeof text; ++i) {
        used += (size_t)snprintf(text + used, sizeof text - used, "[%s]", value->as.list.items[i]);
      }
      break;
    default:
      snprintf(text, sizeof text, "%s", value->as.text);
  }
  say(host, value->name, text);
}

static int behaves(const every* self, const char* how) {
  return strcmp(self->behave, how) == 0;
}

static coldload_status create(const coldload_host* host, const coldload_option_value* options,
                              uint32_t option_count, void** out, coldload_error* error) {
  every* self = calloc(1, sizeof *self);
  if (self == NULL) return COLDLOAD_OUT_OF_MEMORY;
  self->host = host;
  for (uint32_t i = 0; i < option_count; ++i) {
    say_option(host, &options[i]);
    if (options[i].type == COLDLOAD_OPTION_BACKEND) self->inner = options[i].as.backend;
    if (strcmp(options[i].name, "behave") == 0)
      snprintf(self->behave, sizeof self->behave, "%s", options[i].as.text);
  }
  char calls[20];
  snprintf(calls, sizeof calls, "%d", init_calls);
  say(host, "init_calls", calls);
  if (behaves(self, "refuse")) {
    snprintf(error->message, sizeof error->message, "no bucket of that name");
    error->os_error = -404;
    free(self);
    return COLDLOAD_NOT_FOUND;
  }
  *out = self;
  return COLDLOAD_OK;
}

static void destroy(void* backend) {
  every* self = backend;
  // An inner backend is still there: it outlives whoever uses it.
  say(self->host, "destroyed", self->inner == NULL ? "alone" : "with its inner one alive");
  if (self->inner != NULL) self->inner->ops->get_extension(self->inner->self, "ping");
  free(self);
}

static coldload_status list(void* backend, const char* prefix, coldload_list_callback callback, void* context,
                            coldload_error* error) {
  every* self = backend;
  (void)error, (void)prefix;
  if (behaves(self, "no_message")) return COLDLOAD_PERMISSION_DENIED;
  if (behaves(self, "unknown_status")) return 77;
  if (behaves(self, "negative_status")) return -3;
  if (behaves(self, "long_message")) {
    memset(error->message, 'x', sizeof error->message);
    return COLDLOAD_IO_ERROR;
  }
  const char* bad = NULL;
  if (behaves(self, "key_parent")) bad = "m/../../etc/passwd";
  if (behaves(self, "key_absolute")) bad = "/etc/passwd";
  if (behaves(self, "key_empty")) bad = "";
  if (behaves(self, "key_bytes")) bad = "m/\xff";
  if (behaves(self, "key_outside")) bad = "n/a.bin";
  if (bad != NULL) {
    callback(context, bad, 1);
    return COLDLOAD_OK;  // As if nothing had been refused.
  }
  if (behaves(self, "key_repeated")) callback(context, "m/a.bin", 5);
  if (behaves(self, "many")) {
    for (int i = 0; i < 100001; ++i) {
      char key[40];
      snprintf(key, sizeof key, "m/%d", i);
      const coldload_status status = callback(context, key, 1);
      if (status != COLDLOAD_OK) return status;
    }
    return COLDLOAD_OK;
  }
  const coldload_status status = callback(context, "m/b.bin", 7);
  return status != COLDLOAD_OK ? status : callback(context, "m/a.bin", 5);
}

static coldload_status probe(void* backend, const char* prefix, uint32_t open_flags,
                             coldload_object_info* out_info, coldload_error* error) {
  every* self = backend;
  (void)prefix, (void)open_flags, (void)error;
  out_info->capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_RESIDENCY;
  if (behaves(self, "alignment")) out_info->offset_alignment_bytes = 8192;
  return COLDLOAD_OK;
}

static coldload_status open_object(void* backend, const char* key, uint32_t open_flags, void** out_object,
                                   coldload_object_info* out_info, coldload_error* error) {
  every* self = backend;
  if (strcmp(key, "m/a.bin") != 0) {
    snprintf(error->message, sizeof error->message, "%s: no such object", key);
    return COLDLOAD_NOT_FOUND;
  }
  (void)probe(backend, key, open_flags, out_info, error);
  out_info->size_bytes = 5;
  if (behaves(self, "claims_fd")) out_info->capabilities |= COLDLOAD_CAN_FD;
  if (behaves(self, "claims_evict")) out_info->capabilities |= COLDLOAD_CAN_EVICT;
  *out_object = self;
  return COLDLOAD_OK;
}

static void close_object(void* backend, void* object) {
  (void)object;
  say(((every*)backend)->host, "closed", "yes");
}

static coldload_status read_at(void* object, uint64_t offset, void* buffer, uint64_t length,
                               coldload_error* error) {
  (void)object;
  if (offset > 5 || length > 5 - offset) {
    snprintf(error->message, sizeof error->message, "m/a.bin: %" PRIu64 " bytes at %" PRIu64 " of 5", length,
             offset);
    return COLDLOAD_IO_ERROR;
  }
  memcpy(buffer, &"hello"[offset], length);
  return COLDLOAD_OK;
}

static coldload_status residency(void* object, uint64_t* out_bytes, coldload_error* error) {
  (void)object, (void)error;
  *out_bytes = 3;
  return COLDLOAD_OK;
}

static const void* get_extension(void* backend, const char* id) {
  if (strcmp(id, "ping") == 0) say(((every*)backend)->host, "pinged", "yes");
  return strcmp(id, "known") == 0 ? &init_calls : NULL;
}

static const coldload_backend_ops ops = {
    .struct_size = sizeof(coldload_backend_ops),
    .create = create,
    .destroy = destroy,
    .list = list,
    .probe = probe,
    .open = open_object,
    .close = close_object,
    .read_at = read_at,
    .residency = residency,
    .get_extension = get_extension,
};

static const char* const modes[] = {"chunks", "files", NULL};
static const char* const behaviours[] = {"well",
                                         "refuse",
                                         "no_message",
                                         "unknown_status",
                                         "negative_status",
                                         "long_message",
                                         "key_parent",
                                         "key_absolute",
                                         "key_empty",
                                         "key_bytes",
                                         "key_outside",
                                         "key_repeated",
                                         "many",
                                         "alignment",
                                         "claims_fd",
                                         "claims_evict",
                                         NULL};

#define OPTION(option_type, option_name)                                                \
  .struct_size = sizeof(coldload_option), .type = (option_type), .name = (option_name), \
  .summary = "What it says."

static const coldload_option options[] = {
    {OPTION(COLDLOAD_OPTION_BOOL, "direct"), .unit = "", .default_value = "true"},
    {OPTION(COLDLOAD_OPTION_INT, "threads"), .unit = "threads", .default_value = "8", .minimum = "1",
     .maximum = "512"},
    {OPTION(COLDLOAD_OPTION_FLOAT, "ratio"), .unit = "", .default_value = "1", .minimum = "0.5",
     .maximum = "1.5"},
    {OPTION(COLDLOAD_OPTION_STRING, "label"), .unit = "", .default_value = "text"},
    {OPTION(COLDLOAD_OPTION_CHOICE, "split"), .unit = "", .default_value = "chunks", .choices = modes},
    {OPTION(COLDLOAD_OPTION_BYTES, "part_size"), .unit = "", .default_value = "8 MiB", .minimum = "1 MiB",
     .maximum = "5 GiB"},
    {OPTION(COLDLOAD_OPTION_DURATION, "timeout"), .unit = "", .default_value = "250 ms", .minimum = "1 ms",
     .maximum = "1 h"},
    {OPTION(COLDLOAD_OPTION_RATE, "bandwidth"), .unit = "", .default_value = "0", .minimum = "0",
     .maximum = "2 Gbit/s"},
    {OPTION(COLDLOAD_OPTION_SECRET, "token"), .unit = "", .default_value = ""},
    {OPTION(COLDLOAD_OPTION_BACKEND, "source"), .unit = "", .default_value = ""},
    {OPTION(COLDLOAD_OPTION_LIST, "args"), .unit = "", .default_value = "a,b"},
    {OPTION(COLDLOAD_OPTION_MAP, "labels"), .unit = "", .default_value = "k=v"},
    {OPTION(COLDLOAD_OPTION_PATH, "root"), .unit = "", .flags = COLDLOAD_OPTION_REQUIRED},
    {OPTION(COLDLOAD_OPTION_CHOICE, "behave"), .unit = "", .default_value = "well", .choices = behaviours},
};

static const char* const schemes[] = {"every", NULL};

static const coldload_component backend = {
    .struct_size = sizeof(coldload_component),
    .option_count = sizeof options / sizeof options[0],
    .flags = COLDLOAD_COMPONENT_SYNTHETIC,
    .kind = COLDLOAD_KIND_BACKEND,
    .id = "every",
    .summary = "An option of every type.",
    .options = options,
    .schemes = schemes,
    .ops = &ops,
};

// A strategy that asks for what its one option says.
static coldload_status create_picky(const coldload_host* host, const coldload_option_value* values,
                                    uint32_t option_count, void** out, coldload_error* error) {
  (void)host, (void)option_count, (void)error;
  int64_t* buffers = malloc(sizeof *buffers);
  if (buffers == NULL) return COLDLOAD_OUT_OF_MEMORY;
  *buffers = values[0].as.integer;
  *out = buffers;
  return COLDLOAD_OK;
}

static coldload_status requirements(void* strategy, const coldload_model_size* model,
                                    coldload_requirements* out, coldload_error* error) {
  (void)error;
  out->capabilities = COLDLOAD_CAN_READ_AT;
  out->buffer_bytes = model->largest_item_bytes;
  out->buffers_in_flight = (uint32_t)*(int64_t*)strategy;
  return COLDLOAD_OK;
}

static coldload_status load(void* strategy, const coldload_job* job, coldload_error* error) {
  (void)strategy, (void)job;
  snprintf(error->message, sizeof error->message, "m/a.bin: stopped after %d bytes", 3);
  error->os_error = 125;
  return COLDLOAD_CANCELLED;
}

static const coldload_strategy_ops strategy_ops = {
    .struct_size = sizeof(coldload_strategy_ops),
    .create = create_picky,
    .destroy = free,
    .requirements = requirements,
    .load = load,
};

static const coldload_option strategy_options[] = {
    {OPTION(COLDLOAD_OPTION_INT, "buffers"), .unit = "", .default_value = "1", .minimum = "0"}};

static const coldload_component strategy = {
    .struct_size = sizeof(coldload_component),
    .option_count = 1,
    .flags = COLDLOAD_COMPONENT_RUNS_PROGRAMS,
    .kind = COLDLOAD_KIND_STRATEGY,
    .id = "picky",
    .summary = "Asks for buffers.",
    .options = strategy_options,
    .ops = &strategy_ops,
};

static const coldload_component* const components[] = {&backend, &strategy};

static coldload_status init(coldload_error* error) {
  (void)error;
  ++init_calls;
  return COLDLOAD_OK;
}

COLDLOAD_EXPORT extern const coldload_plugin coldload_plugin_v1;
const coldload_plugin coldload_plugin_v1 = {
    .abi_major = COLDLOAD_ABI_MAJOR,
    .abi_minor = COLDLOAD_ABI_MINOR,
    .struct_size = sizeof(coldload_plugin),
    .component_count = 2,
    .id = "org.example.every",
    .version = "1.4.2",
    .vendor = "example",
    .components = components,
    .init = init,
};
