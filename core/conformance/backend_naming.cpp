// What a backend lists, and what it says of each object.
#include <algorithm>
#include <set>
#include <string>

#include "coldload/ext/async_read.h"
#include "core/conformance/backend_checks.hpp"
#include "core/conformance/reading.hpp"
#include "core/conformance/subject.hpp"

namespace coldload::conformance {
namespace {

constexpr const char* kMissing = "coldload-check/no-such-object.safetensors";
constexpr size_t kStopsMax = 64;

// The folders that a listing shows, one level deep and two.
std::set<std::string> folders_of(const std::vector<ListedObject>& objects) {
  std::set<std::string> folders;
  for (const ListedObject& object : objects) {
    for (size_t slash = object.key.find('/'); slash != std::string::npos && folders.size() < 16;
         slash = object.key.find('/', slash + 1)) {
      folders.insert(object.key.substr(0, slash));
    }
  }
  return folders;
}

void compare(const std::vector<ListedObject>& found, const std::vector<ListedObject>& wanted,
             std::string_view what) {
  if (std::ranges::equal(found, wanted, {}, &ListedObject::key, &ListedObject::key)) {
    const auto differ =
        std::ranges::mismatch(found, wanted, {}, &ListedObject::size_bytes, &ListedObject::size_bytes);
    if (differ.in1 == found.end()) return;
    broken("{} gave {} a size of {} bytes, list(\"\") {}", what, differ.in1->key, differ.in1->size_bytes,
           differ.in2->size_bytes);
  }
  broken("{} gave {} objects, list(\"\") has {} there", what, found.size(), wanted.size());
}

struct Stop {
  size_t at;
  size_t seen = 0;

  static coldload_status take(void* context, const char* /*key*/, uint64_t /*size_bytes*/) {
    auto& stop = *static_cast<Stop*>(context);
    return stop.seen++ == stop.at ? COLDLOAD_INTEGRITY : COLDLOAD_OK;
  }
};

}  // namespace

void check_backend_create(const Subject& subject) {
  const KitHost host;
  // Planning and running make one each, and nothing says that the first is gone.
  const auto first = create_backend(subject, host);
  const auto second = create_backend(subject, host);
}

void check_backend_list(const Subject& subject) {
  const OpenedBackend opened(subject);
  (void)opened.samples();
  compare(expect(opened.backend->list(""), "list(\"\")"), opened.listed, "a second list(\"\")");
  // A synthetic backend may make objects below whatever it is asked for.
  if (subject.has_flag(COLDLOAD_COMPONENT_SYNTHETIC)) return;
  for (const std::string& folder : folders_of(opened.listed)) {
    std::vector<ListedObject> wanted;
    std::ranges::copy_if(opened.listed, std::back_inserter(wanted),
                         [&](const ListedObject& each) { return each.key.starts_with(folder + "/"); });
    const std::string what = fmt::format("list(\"{}\")", folder);
    compare(expect(opened.backend->list(folder), what), wanted, what);
  }
}

void check_backend_list_stops(const Subject& subject) {
  const OpenedBackend opened(subject);
  const coldload_backend& raw = *opened.backend->table();
  const size_t count = std::min(opened.listed.size(), kStopsMax);
  for (size_t at = 0; at < count; ++at) {
    Stop stop{at};
    coldload_error error{};
    error.struct_size = sizeof error;
    const coldload_status status = raw.ops->list(raw.self, "", &Stop::take, &stop, &error);
    if (status != COLDLOAD_INTEGRITY) {
      broken("the caller ended the listing at object {} with status {}, and list() returned {}", at + 1,
             int{COLDLOAD_INTEGRITY}, status);
    }
    if (stop.seen > at + 1) broken("the caller ended the listing at object {}, and was called again", at + 1);
  }
}

void check_backend_missing(const Subject& subject) {
  if (subject.has_flag(COLDLOAD_COMPONENT_SYNTHETIC))
    inapplicable("a synthetic backend makes up what it is asked for");
  const OpenedBackend opened(subject);
  const auto object = opened.backend->open(kMissing, 0);
  if (object) broken("open(\"{}\") succeeded, and there is no such object", kMissing);
  check_failure(object.error(), {Status::not_found}, "open() of what is not there");
  if (!object.error().message.contains("no-such-object")) {
    broken("open(\"{}\"): its message does not name the object: {}", kMissing, object.error().message);
  }
  const auto listing = opened.backend->list("coldload-check/no-such-folder");
  if (listing) broken("list() of a folder that is not there succeeded with {} objects", listing->size());
  check_failure(listing.error(), {Status::not_found}, "list() of what is not there");
}

void check_backend_open(const Subject& subject) {
  const OpenedBackend opened(subject);
  for (const ListedObject& listed : opened.samples()) {
    for (const uint32_t flags : {0u, uint32_t{COLDLOAD_OPEN_DIRECT}}) {
      const uint32_t before = opened.open(listed.key, flags)->info().capabilities;
      const auto object = opened.open(listed.key, flags);
      if (object->info().size_bytes != listed.size_bytes) {
        broken("open(\"{}\") gave {} bytes, list() {}", listed.key, object->info().size_bytes,
               listed.size_bytes);
      }
      if (object->info().capabilities != before) {
        broken("open(\"{}\") gave other capabilities the second time: {}, then {}", listed.key,
               capability_names(before), capability_names(object->info().capabilities));
      }
      if (flags == 0 && !object->can(COLDLOAD_CAN_READ_AT) && !object->can(COLDLOAD_CAN_FD) &&
          opened.backend->extension(COLDLOAD_EXT_ASYNC_READ) == nullptr) {
        broken("open(\"{}\") offers no way to read: neither READ_AT, nor FD, nor async_read", listed.key);
      }
    }
  }
}

void check_backend_probe(const Subject& subject) {
  const OpenedBackend opened(subject);
  for (const uint32_t flags : {0u, uint32_t{COLDLOAD_OPEN_DIRECT}}) {
    const coldload_object_info promised = expect(opened.backend->probe("", flags), "probe(\"\")");
    for (const ListedObject& listed : opened.samples()) {
      const auto object = opened.open(listed.key, flags);
      const coldload_object_info& info = object->info();
      if (const uint32_t missing = promised.capabilities & ~info.capabilities; missing != 0) {
        broken("probe(\"\") promised {}, which {} does not offer when it is opened",
               capability_names(missing), listed.key);
      }
      if (info.offset_alignment_bytes > promised.offset_alignment_bytes ||
          info.memory_alignment_bytes > promised.memory_alignment_bytes) {
        broken("probe(\"\") promised alignments of {} and {} bytes (memory, offset), {} wants {} and {}",
               promised.memory_alignment_bytes, promised.offset_alignment_bytes, listed.key,
               info.memory_alignment_bytes, info.offset_alignment_bytes);
      }
    }
  }
}

}  // namespace coldload::conformance
