#include "core/run/preparation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "coldload/ext/diagnose.h"
#include "core/base/file.hpp"
#include "core/plan/objects.hpp"
#include "core/run/hidden_cache.hpp"
#include "core/run/neighbours.hpp"
#include "core/run/pacer.hpp"
#include "core/run/whole_model.hpp"
#include "core/scenario/components.hpp"

namespace coldload {
namespace {

constexpr double kColdResidentMax = 0.01;
constexpr uint64_t kProgressNs = 250'000'000;

// Every object below the path; none where the backend does not hold the model.
Result<Objects> open_all(const Backend& backend, const std::string& model_path) {
  const auto listed = backend.list(model_path);
  if (!listed && listed.error().status == Status::not_found) return Objects{};
  if (!listed) return pass(listed);
  Objects objects;
  for (const ListedObject& each : *listed) {
    auto object = backend.open(each.key, 0);
    if (!object) return pass(object);
    objects.push_back(std::move(*object));
  }
  return objects;
}

// What may not be evicted is passed over: that it stays cached is then measured.
Result<void> make_cold(const Objects& objects, bool disturb, SourceReading& reading, ResidencyBy by) {
  if (objects.empty()) return {};
  if (!disturb) {
    if (auto used = refuse_used_files(objects); !used) return used;
  }
  const bool uncached = std::ranges::all_of(
      objects, [](const auto& object) { return object->can(COLDLOAD_CAN_NO_LOCAL_CACHE); });
  if (uncached) return {};
  reading.no_local_cache = false;
  if (auto evicted = evict_all(objects); !evicted && evicted.error().status != Status::unsupported)
    return evicted;
  const ResidencyReading found = measure_residency(objects, by);
  if (const Below below = look_below(objects); below.hidden_cache) {
    reading.why_unknown = *below.hidden_cache;
  } else if (!found.share) {
    reading.why_unknown = found.why_unknown;
  } else {
    reading.resident = std::max(reading.resident.value_or(0), *found.share);
  }
  return {};
}

// Of many tellings from several threads a few a second.
Backend::PrepareProgress seldom(EventSink& events, std::atomic<uint64_t>& told_ns) {
  return [&](uint64_t done, uint64_t total) {
    uint64_t last = told_ns.load(std::memory_order_relaxed);
    const uint64_t now = now_ns();
    if (now - last < kProgressNs || !told_ns.compare_exchange_strong(last, now)) return;
    events.progress(done, total);
  };
}

}  // namespace

bool SourceReading::cold() const {
  if (no_local_cache) return true;
  return why_unknown.empty() && resident && *resident <= kColdResidentMax;
}

Result<void> refuse_used_files(const Objects& objects) {
  std::vector<std::string> paths;
  for (const auto& object : objects) {
    if (object->can(COLDLOAD_CAN_PATH)) paths.emplace_back(object->info().path);
  }
  if (const auto user = find_file_user(paths)) {
    return fail(Status::unsupported,
                fmt::format("{}: evicting or warming it would disturb that process; --disturb allows it",
                            to_string(*user)));
  }
  return {};
}

Result<SourceReading> make_sources_cold(const Backend& backend, const std::string& model_path, bool disturb,
                                        ResidencyBy by) {
  SourceReading reading;
  reading.no_local_cache = true;
  for (const auto& inner : backend.inner()) {
    const auto objects = open_all(*inner, model_path);
    if (!objects) return pass(objects);
    if (auto made = make_cold(*objects, disturb, reading, by); !made) return pass(made);
  }
  return reading;
}

Result<void> copy_model(const Backend& backend, const WorkerRequest& request, const HostServices& host,
                        EventSink& events) {
  std::atomic<uint64_t> told_ns{0};
  const Pacer pacer(request.max_bandwidth, [&host] { return host.cancelled(); });
  const auto tell = seldom(events, told_ns);
  // Whoever tells its progress waits until it is due. That the run was stopped, the backend sees itself.
  return backend.prepare(request.model_path, [&](uint64_t done, uint64_t total) {
    tell(done, total);
    (void)pacer.wait_until_due(done);
  });
}

namespace {

// The first of a staging chain is what is copied from.
std::string source_in_words(const WorkerRequest& request) {
  const ComponentSpec& source = request.backend.front();
  const auto place = model_place(source, request.base_directory, request.model_path);
  return place ? *place : fmt::format("backend \"{}\"", source.name);
}

// What there is to copy, and whether the copy is there already.
Result<StagedCopy> look_before_staging(const Backend& backend, const WorkerRequest& request) {
  const std::string& model_path = request.model_path;
  const auto found = find_model(backend, model_path);
  if (!found) return pass(found);
  const auto is_copied = [](const ListedObject& object) { return !is_copy_manifest(object.key); };
  if (std::ranges::none_of(found->objects, is_copied)) {
    return fail(Status::not_found, fmt::format("{}: holds nothing to copy: name the directory of a model",
                                               source_in_words(request)));
  }
  if (found->path != model_path) {
    // Copied whole, it would hold each file twice, and be no directory that a server opens.
    return fail(
        Status::invalid_option,
        fmt::format("the source is an entry of a Hugging Face cache, of which a server opens {0}: name that, "
                    "…/{0}, as the source",
                    found->path));
  }
  if (auto whole = check_whole(backend, *found, Wanted::every_file); !whole) return pass(whole);
  StagedCopy copy;
  for (const ListedObject& object : found->objects) {
    if (is_copy_manifest(object.key)) continue;
    ++copy.files;
    copy.bytes += object.size_bytes;
  }
  const auto prepared = backend.is_prepared(model_path);
  if (!prepared) return pass(prepared);
  copy.copied = !*prepared;
  return copy;
}

}  // namespace

Result<StagedCopy> rehearse_copy(const WorkerRequest& request, const Registry& registry,
                                 const HostServices& host) {
  const auto backend = Backend::create(registry, request.backend, request.base_directory, host);
  if (!backend) return pass(backend);
  auto copy = look_before_staging(**backend, request);
  if (!copy || !copy->copied) return copy;
  for (const ComponentDiagnosis& told : (*backend)->diagnose(request.model_path)) {
    if (told.level != COLDLOAD_DIAGNOSIS_ERROR) continue;
    return fail(Status::io_error, fmt::format("{}: {}: {}", told.fact, told.cause, told.fix));
  }
  return copy;
}

Result<StagedCopy> stage_copy(const WorkerRequest& request, const Registry& registry,
                              const HostServices& host, EventSink& events) {
  const auto backend = Backend::create(registry, request.backend, request.base_directory, host);
  if (!backend) return pass(backend);
  auto looked = look_before_staging(**backend, request);
  if (!looked) return looked;
  StagedCopy copy = *looked;
  if (copy.copied) {
    events.phase("prepare");
    const uint64_t began_ns = now_ns();
    if (auto made = copy_model(**backend, request, host, events); !made) return pass(made);
    copy.copy_ns = now_ns() - began_ns;
  }
  if (!request.verify) return copy;
  events.phase("verify");
  std::atomic<uint64_t> told_ns{0};
  const auto verified = (*backend)->verify(request.model_path, seldom(events, told_ns));
  if (!verified) return pass(verified);
  return copy;
}

Result<void> discard_copy(const WorkerRequest& request, const Registry& registry, const HostServices& host) {
  const auto backend = Backend::create(registry, request.backend, request.base_directory, host);
  if (!backend) return pass(backend);
  return (*backend)->stages() ? (*backend)->discard(request.model_path) : Result<void>{};
}

void judge_first_start(const SourceReading& source, Proof& proof) {
  proof.caveat = source.no_local_cache ? "what the source's other side caches is not proved"
                                       : "caches are as the copy left them";
  if (source.cold()) return;
  proof.valid = false;
  proof.reason =
      !source.why_unknown.empty()
          ? "whether the source was cold before it was copied cannot be known: " + source.why_unknown
          : fmt::format("{:.1f} % of the source was in the page cache when the copy started",
                        source.resident.value_or(0) * 100);
}

}  // namespace coldload
