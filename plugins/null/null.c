// Backend "null": zeros that are stored nowhere, as fast as memory takes them or at a given rate. Written in
// C: the whole of the ABI is used here without the C++ layer.
#include "null.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NANOSECONDS_PER_SECOND 1000000000u
#define SLEEP_NS_MAX 20000000u  // Between two looks at cancelled().

coldload_status null_fail(coldload_error* error, coldload_status status, const char* format, ...) {
  if (error != NULL && error->struct_size >= sizeof *error) {
    va_list arguments;
    va_start(arguments, format);
    error->os_error = 0;
    error->retryable = 0;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
  }
  return status;
}

coldload_status null_check_range(const null_backend* backend, uint64_t offset, uint64_t length,
                                 coldload_error* error) {
  if (offset <= backend->object_bytes && length <= backend->object_bytes - offset) return COLDLOAD_OK;
  return null_fail(
      error, COLDLOAD_IO_ERROR, "null: %llu bytes at %llu: past the end, the object has %llu bytes",
      (unsigned long long)length, (unsigned long long)offset, (unsigned long long)backend->object_bytes);
}

uint64_t null_due_ns(null_backend* backend, uint64_t length) {
  if (backend->rate_bytes_per_second == 0 && backend->latency_ns == 0) return 0;
  const uint64_t now_ns = backend->host->now_ns(backend->host);
  uint64_t due_ns = now_ns + backend->latency_ns;
  if (backend->rate_bytes_per_second == 0) return due_ns;

  uint64_t first_ns = 0;
  // The thread that reads first starts the schedule; the others meet what it stored.
  if (atomic_compare_exchange_strong(&backend->first_read_ns, &first_ns, now_ns)) first_ns = now_ns;
  const uint64_t bytes = atomic_fetch_add(&backend->bytes_so_far, length) + length;
  // By the bytes so far, not from read to read: what the reader does in between does not slow the schedule,
  // and late wake-ups do not add up. A double is exact to the nanosecond for the first 100 days.
  const double elapsed_ns = (double)bytes * NANOSECONDS_PER_SECOND / (double)backend->rate_bytes_per_second;
  const uint64_t paced_ns = first_ns + (uint64_t)elapsed_ns;
  return paced_ns > due_ns ? paced_ns : due_ns;
}

coldload_status null_sleep_until(const null_backend* backend, uint64_t due_ns, coldload_error* error) {
  const coldload_host* host = backend->host;
  for (;;) {
    const uint64_t now_ns = host->now_ns(host);
    if (now_ns >= due_ns) return COLDLOAD_OK;
    if (host->cancelled(host)) return null_fail(error, COLDLOAD_CANCELLED, "null: cancelled");
    uint64_t rest_ns = due_ns - now_ns;
    if (rest_ns > SLEEP_NS_MAX) rest_ns = SLEEP_NS_MAX;
    const struct timespec rest = {0, (long)rest_ns};
    nanosleep(&rest, NULL);
  }
}

static uint64_t quantity(const coldload_option_value* options, uint32_t count, const char* name) {
  for (uint32_t i = 0; i < count; ++i) {
    if (strcmp(options[i].name, name) != 0) continue;
    return options[i].type == COLDLOAD_OPTION_INT ? (uint64_t)options[i].as.integer : options[i].as.quantity;
  }
  return 0;
}

static coldload_status null_create(const coldload_host* host, const coldload_option_value* options,
                                   uint32_t option_count, void** out, coldload_error* error) {
  null_backend* backend = calloc(1, sizeof *backend);
  if (backend == NULL) return null_fail(error, COLDLOAD_OUT_OF_MEMORY, "null: out of memory");
  backend->host = host;
  backend->object_count = quantity(options, option_count, "objects");
  backend->object_bytes = quantity(options, option_count, "size");
  backend->rate_bytes_per_second = quantity(options, option_count, "rate");
  backend->latency_ns = quantity(options, option_count, "latency");
  atomic_init(&backend->first_read_ns, 0);
  atomic_init(&backend->bytes_so_far, 0);
  *out = backend;
  return COLDLOAD_OK;
}

static void null_destroy(void* self) {
  free(self);
}

static void object_name(const null_backend* backend, uint64_t number, char* out, size_t out_bytes) {
  snprintf(out, out_bytes, "null-%05llu-of-%05llu.safetensors", (unsigned long long)number,
           (unsigned long long)backend->object_count);
}

// Any prefix is honoured: the same objects lie below each.
static coldload_status null_list(void* self, const char* prefix, coldload_list_callback callback,
                                 void* context, coldload_error* error) {
  const null_backend* backend = self;
  char name[64];
  char key[4200];
  for (uint64_t number = 1; number <= backend->object_count; ++number) {
    object_name(backend, number, name, sizeof name);
    const int length = snprintf(key, sizeof key, "%s%s%s", prefix, prefix[0] == '\0' ? "" : "/", name);
    if (length < 0 || (size_t)length >= sizeof key) {
      return null_fail(error, COLDLOAD_INVALID_OPTION, "null: prefix longer than 4096 bytes");
    }
    const coldload_status status = callback(context, key, backend->object_bytes);
    if (status != COLDLOAD_OK) return null_fail(error, status, "null: listing ended at %s", key);
  }
  return COLDLOAD_OK;
}

static void describe(uint64_t size_bytes, coldload_object_info* out) {
  const uint32_t struct_size = out->struct_size;
  coldload_object_info info = {0};
  info.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_NO_LOCAL_CACHE;
  info.size_bytes = size_bytes;
  info.fd = -1;
  info.memory_alignment_bytes = 1;
  info.offset_alignment_bytes = 1;
  info.struct_size = struct_size < sizeof info ? struct_size : (uint32_t)sizeof info;
  memcpy(out, &info, info.struct_size);
}

static coldload_status null_probe(void* self, const char* prefix, uint32_t open_flags,
                                  coldload_object_info* out_info, coldload_error* error) {
  (void)self;
  (void)prefix;
  (void)open_flags;
  (void)error;
  describe(0, out_info);
  return COLDLOAD_OK;
}

// The number in a key's last component, 0 if it names no object of ours.
static uint64_t object_number(const null_backend* backend, const char* key) {
  const char* slash = strrchr(key, '/');
  const char* name = slash == NULL ? key : slash + 1;
  char expected[64];
  const uint64_t number = strncmp(name, "null-", 5) == 0 ? strtoull(name + 5, NULL, 10) : 0;
  if (number == 0 || number > backend->object_count) return 0;
  object_name(backend, number, expected, sizeof expected);
  return strcmp(name, expected) == 0 ? number : 0;
}

static coldload_status null_open(void* self, const char* key, uint32_t open_flags, void** out_object,
                                 coldload_object_info* out_info, coldload_error* error) {
  null_backend* backend = self;
  (void)open_flags;
  if (object_number(backend, key) == 0) {
    return null_fail(error, COLDLOAD_NOT_FOUND, "null: no object \"%.300s\": the last is number %llu", key,
                     (unsigned long long)backend->object_count);
  }
  null_object* object = calloc(1, sizeof *object);
  if (object == NULL) return null_fail(error, COLDLOAD_OUT_OF_MEMORY, "null: out of memory");
  object->backend = backend;
  if (backend->open_objects++ == 0) {
    atomic_store(&backend->first_read_ns, 0);
    atomic_store(&backend->bytes_so_far, 0);
  }
  describe(backend->object_bytes, out_info);
  *out_object = object;
  return COLDLOAD_OK;
}

static void null_close(void* self, void* object) {
  null_backend* backend = self;
  --backend->open_objects;
  free(object);
}

static coldload_status null_read_at(void* self, uint64_t offset, void* buffer, uint64_t length,
                                    coldload_error* error) {
  null_backend* backend = ((null_object*)self)->backend;
  const coldload_status status = null_check_range(backend, offset, length, error);
  if (status != COLDLOAD_OK) return status;
  const uint64_t due_ns = null_due_ns(backend, length);
  memset(buffer, 0, (size_t)length);
  return due_ns == 0 ? COLDLOAD_OK : null_sleep_until(backend, due_ns, error);
}

static const void* null_get_extension(void* self, const char* id) {
  (void)self;
  return strcmp(id, COLDLOAD_EXT_ASYNC_READ) == 0 ? &null_async_read_ops : NULL;
}

static const coldload_backend_ops kOps = {
    .struct_size = sizeof(coldload_backend_ops),
    .create = null_create,
    .destroy = null_destroy,
    .list = null_list,
    .probe = null_probe,
    .open = null_open,
    .close = null_close,
    .read_at = null_read_at,
    .get_extension = null_get_extension,
};

static const coldload_option kOptions[] = {
    {.struct_size = sizeof(coldload_option),
     .type = COLDLOAD_OPTION_INT,
     .name = "objects",
     .unit = "objects",
     .summary = "objects below every prefix",
     .default_value = "1",
     .minimum = "1",
     .maximum = "99999"},
    {.struct_size = sizeof(coldload_option),
     .type = COLDLOAD_OPTION_BYTES,
     .name = "size",
     .unit = "",
     .summary = "of each object",
     .default_value = "1 GiB",
     .minimum = "1 B",
     .maximum = "16 TiB"},
    {.struct_size = sizeof(coldload_option),
     .type = COLDLOAD_OPTION_RATE,
     .name = "rate",
     .unit = "",
     .summary = "of all reads together; 0 is as fast as memory takes it",
     .default_value = "0",
     .minimum = NULL,
     .maximum = NULL},
    {.struct_size = sizeof(coldload_option),
     .type = COLDLOAD_OPTION_DURATION,
     .name = "latency",
     .unit = "",
     .summary = "of each read, at least",
     .default_value = "0 ns",
     .minimum = NULL,
     .maximum = "1 min"},
};

static const coldload_component kNull = {
    .struct_size = sizeof(coldload_component),
    .option_count = sizeof kOptions / sizeof *kOptions,
    .flags = COLDLOAD_COMPONENT_SYNTHETIC,
    .kind = COLDLOAD_KIND_BACKEND,
    .id = "null",
    .summary = "zeros that are stored nowhere, at a chosen rate: the floor of the harness itself",
    .options = kOptions,
    .ops = &kOps,
};

static const coldload_component* const kComponents[] = {&kNull};

COLDLOAD_EXPORT extern const coldload_plugin coldload_plugin_v1;
const coldload_plugin coldload_plugin_v1 = {
    .abi_major = COLDLOAD_ABI_MAJOR,
    .abi_minor = COLDLOAD_ABI_MINOR,
    .struct_size = sizeof(coldload_plugin),
    .component_count = sizeof kComponents / sizeof *kComponents,
    .id = "org.coldload.null",
    .version = "0.1.0",
    .vendor = "coldload",
    .components = kComponents,
};
