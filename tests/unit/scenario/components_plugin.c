// The components that scenarios in these tests name: every type of option, no code behind them. The reader
// looks at tables only.
#include <stddef.h>

#include "coldload/backend.h"
#include "coldload/strategy.h"

#define OPTION(option_name, option_type, default_text, low, high) \
  {.struct_size = sizeof(coldload_option),                        \
   .type = (option_type),                                         \
   .name = (option_name),                                         \
   .unit = "",                                                    \
   .summary = "for tests",                                        \
   .default_value = (default_text),                               \
   .minimum = (low),                                              \
   .maximum = (high)}
#define REQUIRED(option_name, option_type) \
  {.struct_size = sizeof(coldload_option), \
   .type = (option_type),                  \
   .flags = COLDLOAD_OPTION_REQUIRED,      \
   .name = (option_name),                  \
   .unit = "",                             \
   .summary = "for tests"}
#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static coldload_status create(const coldload_host* host, const coldload_option_value* options, uint32_t count,
                              void** out, coldload_error* error) {
  (void)host, (void)options, (void)count, (void)error;
  *out = NULL;
  return COLDLOAD_INTERNAL;
}
static void destroy(void* self) {
  (void)self;
}
static coldload_status list(void* self, const char* prefix, coldload_list_callback callback, void* context,
                            coldload_error* error) {
  (void)self, (void)prefix, (void)callback, (void)context, (void)error;
  return COLDLOAD_INTERNAL;
}
static coldload_status probe(void* self, const char* prefix, uint32_t flags, coldload_object_info* info,
                             coldload_error* error) {
  (void)self, (void)prefix, (void)flags, (void)info, (void)error;
  return COLDLOAD_INTERNAL;
}
static coldload_status open_object(void* self, const char* key, uint32_t flags, void** object,
                                   coldload_object_info* info, coldload_error* error) {
  (void)self, (void)key, (void)flags, (void)object, (void)info, (void)error;
  return COLDLOAD_INTERNAL;
}
static void close_object(void* self, void* object) {
  (void)self, (void)object;
}
static coldload_status read_at(void* object, uint64_t offset, void* buffer, uint64_t length,
                               coldload_error* error) {
  (void)object, (void)offset, (void)buffer, (void)length, (void)error;
  return COLDLOAD_INTERNAL;
}
static const void* get_extension(void* self, const char* id) {
  (void)self, (void)id;
  return NULL;
}
static coldload_status requirements(void* self, const coldload_model_size* model, coldload_requirements* out,
                                    coldload_error* error) {
  (void)self, (void)model, (void)out, (void)error;
  return COLDLOAD_INTERNAL;
}
static coldload_status load(void* self, const coldload_job* job, coldload_error* error) {
  (void)self, (void)job, (void)error;
  return COLDLOAD_INTERNAL;
}

static const coldload_backend_ops kBackend = {.struct_size = sizeof(coldload_backend_ops),
                                              .create = create,
                                              .destroy = destroy,
                                              .list = list,
                                              .probe = probe,
                                              .open = open_object,
                                              .close = close_object,
                                              .read_at = read_at,
                                              .get_extension = get_extension};
static const coldload_strategy_ops kStrategy = {.struct_size = sizeof(coldload_strategy_ops),
                                                .create = create,
                                                .destroy = destroy,
                                                .requirements = requirements,
                                                .load = load,
                                                .get_extension = get_extension};

static const coldload_option kLocalOptions[] = {
    REQUIRED("root", COLDLOAD_OPTION_PATH),
};
static const coldload_option kObjectStoreOptions[] = {
    REQUIRED("url", COLDLOAD_OPTION_STRING),
    OPTION("part_size", COLDLOAD_OPTION_BYTES, "8 MiB", "1 MiB", "5 GiB"),
    OPTION("retry_wait", COLDLOAD_OPTION_DURATION, "250 ms", "1 ms", "10 s"),
    OPTION("rate", COLDLOAD_OPTION_RATE, "0", "0", "100 GB/s"),
    OPTION("secret_key", COLDLOAD_OPTION_SECRET, "", NULL, NULL),
    OPTION("headers", COLDLOAD_OPTION_MAP, "", NULL, NULL),
};
static const coldload_option kStagedOptions[] = {
    REQUIRED("source", COLDLOAD_OPTION_BACKEND),
    REQUIRED("target", COLDLOAD_OPTION_BACKEND),
};
static const char* const kSplits[] = {"chunks", "files", NULL};
static const coldload_option kParallelOptions[] = {
    OPTION("threads", COLDLOAD_OPTION_INT, "8", "1", "256"),
    OPTION("chunk", COLDLOAD_OPTION_BYTES, "1 MiB", "4 KiB", "1 GiB"),
    {.struct_size = sizeof(coldload_option),
     .type = COLDLOAD_OPTION_CHOICE,
     .name = "split",
     .unit = "",
     .summary = "for tests",
     .default_value = "chunks",
     .choices = kSplits},
    OPTION("direct", COLDLOAD_OPTION_BOOL, "false", NULL, NULL),
    OPTION("share", COLDLOAD_OPTION_FLOAT, "0.5", "0", "1"),
};
static const coldload_option kCommandOptions[] = {
    REQUIRED("argv", COLDLOAD_OPTION_LIST),
};

#define COMPONENT(variable, component_kind, component_id, component_options, component_ops, component_flags) \
  static const coldload_component variable = {.struct_size = sizeof(coldload_component),                     \
                                              .option_count = COUNT(component_options),                      \
                                              .flags = (component_flags),                                    \
                                              .kind = (component_kind),                                      \
                                              .id = (component_id),                                          \
                                              .summary = "for tests",                                        \
                                              .options = (component_options),                                \
                                              .ops = (component_ops)}

COMPONENT(kLocal, COLDLOAD_KIND_BACKEND, "local", kLocalOptions, &kBackend, 0);
COMPONENT(kObjectStore, COLDLOAD_KIND_BACKEND, "s3", kObjectStoreOptions, &kBackend, 0);
COMPONENT(kStaged, COLDLOAD_KIND_BACKEND, "staged", kStagedOptions, &kBackend, 0);
COMPONENT(kParallel, COLDLOAD_KIND_STRATEGY, "parallel", kParallelOptions, &kStrategy, 0);
COMPONENT(kSequential, COLDLOAD_KIND_STRATEGY, "sequential", kParallelOptions, &kStrategy, 0);
COMPONENT(kMmap, COLDLOAD_KIND_STRATEGY, "mmap", kParallelOptions, &kStrategy, 0);
COMPONENT(kUring, COLDLOAD_KIND_STRATEGY, "io_uring", kParallelOptions, &kStrategy, 0);
COMPONENT(kCommand, COLDLOAD_KIND_STRATEGY, "command", kCommandOptions, &kStrategy,
          COLDLOAD_COMPONENT_RUNS_PROGRAMS | COLDLOAD_COMPONENT_EXTERNAL);

static const coldload_component* const kComponents[] = {&kLocal,      &kObjectStore, &kStaged, &kParallel,
                                                        &kSequential, &kMmap,        &kUring,  &kCommand};

COLDLOAD_EXPORT const coldload_plugin coldload_plugin_v1 = {.abi_major = COLDLOAD_ABI_MAJOR,
                                                            .abi_minor = COLDLOAD_ABI_MINOR,
                                                            .struct_size = sizeof(coldload_plugin),
                                                            .component_count = COUNT(kComponents),
                                                            .id = "org.coldload.tests.components",
                                                            .version = "1.0.0",
                                                            .vendor = "coldload",
                                                            .components = kComponents};
