// The least a plugin can be: one strategy that does nothing. What is wrong with it comes from the build.
#include <stddef.h>

#include "coldload/strategy.h"

#ifndef PLUGIN_MAJOR
#define PLUGIN_MAJOR COLDLOAD_ABI_MAJOR
#endif
#ifndef PLUGIN_MINOR
#define PLUGIN_MINOR COLDLOAD_ABI_MINOR
#endif
#ifndef OPTION_DEFAULT
#define OPTION_DEFAULT "8 MiB"
#endif

static int state;

static coldload_status create(const coldload_host* host, const coldload_option_value* options,
                              uint32_t option_count, void** out, coldload_error* error) {
  (void)host, (void)options, (void)option_count, (void)error;
  *out = &state;
  return COLDLOAD_OK;
}

static void destroy(void* strategy) {
  (void)strategy;
}

static coldload_status requirements(void* strategy, const coldload_model_size* model,
                                    coldload_requirements* out, coldload_error* error) {
  (void)strategy, (void)model, (void)out, (void)error;
  return COLDLOAD_OK;
}

static coldload_status load(void* strategy, const coldload_job* job, coldload_error* error) {
  (void)strategy, (void)job, (void)error;
  return COLDLOAD_OK;
}

static const coldload_strategy_ops ops = {
    .struct_size = sizeof(coldload_strategy_ops),
    .create = create,
    .destroy = destroy,
    .requirements = requirements,
    .load = load,
};

static const coldload_option options[] = {{
    .struct_size = sizeof(coldload_option),
    .type = COLDLOAD_OPTION_BYTES,
    .name = "chunk",
    .unit = "",
    .summary = "Bytes of one read.",
    .default_value = OPTION_DEFAULT,
}};

static const coldload_component component = {
    .struct_size = sizeof(coldload_component),
    .option_count = 1,
    .kind = COLDLOAD_KIND_STRATEGY,
    .id = COMPONENT_ID,
    .summary = "Does nothing.",
    .options = options,
    .ops = &ops,
};

static const coldload_component* const components[] = {&component};

COLDLOAD_EXPORT extern const coldload_plugin coldload_plugin_v1;
const coldload_plugin coldload_plugin_v1 = {
    .abi_major = PLUGIN_MAJOR,
    .abi_minor = PLUGIN_MINOR,
    .struct_size = sizeof(coldload_plugin),
    .component_count = 1,
    .id = PLUGIN_ID,
    .version = "1.0",
    .vendor = "example",
    .components = components,
};
