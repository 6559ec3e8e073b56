// A destination in C: keeps each item in memory of its own and hands out one page-aligned buffer per range.
// What is wrong with it, an option says.
#include <stdlib.h>
#include <string.h>

#include "coldload/destination.h"

enum { kItemsMax = 16, kPage = COLDLOAD_BUFFER_PAGE_BYTES };

typedef struct shelf {
  const char* fault;
  uint32_t item_count;
  char* items[kItemsMax];
  coldload_region region;
} shelf;

static int is(const shelf* self, const char* fault) {
  return strcmp(self->fault, fault) == 0;
}

static coldload_status create(const coldload_host* host, const coldload_option_value* options,
                              uint32_t option_count, void** out, coldload_error* error) {
  (void)host, (void)option_count, (void)error;
  static const char* const kFaults[] = {"none",         "misplaced",   "small", "no_memory_kind",
                                        "large_region", "wrong_bytes", "late"};
  shelf* self = calloc(1, sizeof *self);
  if (self == NULL) return COLDLOAD_OUT_OF_MEMORY;
  for (size_t i = 0; i < sizeof kFaults / sizeof *kFaults; ++i) {
    if (strcmp(options[0].as.text, kFaults[i]) == 0) self->fault = kFaults[i];
  }
  *out = self;
  return COLDLOAD_OK;
}

static void destroy(void* destination) {
  shelf* self = destination;
  for (uint32_t i = 0; i < self->item_count; ++i) free(self->items[i]);
  free(self);
}

static coldload_status begin(void* destination, const coldload_destination_needs* needs,
                             coldload_destination_pool* out, coldload_error* error) {
  (void)error;
  shelf* self = destination;
  for (; self->item_count < needs->item_count && self->item_count < kItemsMax; ++self->item_count) {
    self->items[self->item_count] = calloc(1, needs->item_bytes[self->item_count] + 1);
  }
  self->region.data = self;
  self->region.length_bytes = is(self, "large_region") ? (uint64_t)2 << 30 : sizeof *self;
  out->memory = is(self, "no_memory_kind") ? 7 : COLDLOAD_MEMORY_HOST;
  out->region_count = 1;
  out->regions = &self->region;
  return COLDLOAD_OK;
}

static coldload_status acquire(void* destination, uint32_t item, uint64_t offset, uint64_t length,
                               coldload_buffer* out, coldload_error* error) {
  (void)item, (void)error;
  const shelf* self = destination;
  const uint64_t lead = offset % kPage;
  char* memory = aligned_alloc(kPage, (lead + length + 2 * kPage - 1) / kPage * kPage);
  out->token = (uint64_t)(uintptr_t)memory;
  out->data = memory + lead + (is(self, "misplaced") ? 1 : 0);
  out->capacity_bytes = is(self, "small") ? length - 1 : length + kPage;
  if (is(self, "small") || is(self, "misplaced")) free(memory);
  return COLDLOAD_OK;
}

static coldload_status deliver(void* destination, const coldload_buffer* buffer, coldload_error* error) {
  (void)error;
  shelf* self = destination;
  memcpy(self->items[buffer->item] + buffer->offset, buffer->data, buffer->length);
  if (is(self, "wrong_bytes")) self->items[buffer->item][buffer->offset] ^= 1;
  free((void*)(uintptr_t)buffer->token);  // NOLINT(performance-no-int-to-ptr)
  return COLDLOAD_OK;
}

static coldload_status deliver_mapped(void* destination, uint32_t item, uint64_t offset, uint64_t length,
                                      const void* data, coldload_error* error) {
  (void)error;
  shelf* self = destination;
  memcpy(self->items[item] + offset, data, length);
  return COLDLOAD_OK;
}

static coldload_status finish(void* destination, coldload_error* error) {
  const shelf* self = destination;
  if (!is(self, "late")) return COLDLOAD_OK;
  memcpy(error->message, "the last copy never came", sizeof "the last copy never came");
  return COLDLOAD_IO_ERROR;
}

static void cancel(void* destination) {
  (void)destination;
}

static coldload_status read_back(void* destination, uint32_t item, uint64_t offset, void* buffer,
                                 uint64_t length, coldload_error* error) {
  (void)error;
  const shelf* self = destination;
  memcpy(buffer, self->items[item] + offset, length);
  return COLDLOAD_OK;
}

static const coldload_destination_ops ops = {
    .struct_size = sizeof(coldload_destination_ops),
    .create = create,
    .destroy = destroy,
    .begin = begin,
    .acquire = acquire,
    .deliver = deliver,
    .deliver_mapped = deliver_mapped,
    .finish = finish,
    .cancel = cancel,
    .read_back = KEEPS_BYTES ? read_back : NULL,
};

static const coldload_option options[] = {{
    .struct_size = sizeof(coldload_option),
    .type = COLDLOAD_OPTION_STRING,
    .name = "fault",
    .unit = "",
    .summary = "What is wrong with it.",
    .default_value = "none",
}};

static const coldload_component component = {
    .struct_size = sizeof(coldload_component),
    .option_count = 1,
    .kind = COLDLOAD_KIND_DESTINATION,
    .id = COMPONENT_ID,
    .summary = "Keeps bytes in memory.",
    .options = options,
    .ops = &ops,
};

static const coldload_component* const components[] = {&component};

COLDLOAD_EXPORT extern const coldload_plugin coldload_plugin_v1;
const coldload_plugin coldload_plugin_v1 = {
    .abi_major = COLDLOAD_ABI_MAJOR,
    .abi_minor = COLDLOAD_ABI_MINOR,
    .struct_size = sizeof(coldload_plugin),
    .component_count = 1,
    .id = "org.example." COMPONENT_ID,
    .version = "1.0",
    .vendor = "example",
    .components = components,
};
