#include "core/run/execute.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/base/file.hpp"
#include "core/base/units.hpp"
#include "core/plugin/instance.hpp"
#include "core/run/counters.hpp"
#include "core/run/destination.hpp"
#include "core/run/extents.hpp"
#include "core/run/file_identity.hpp"
#include "core/run/hidden_cache.hpp"
#include "core/run/job.hpp"
#include "core/run/load_summary.hpp"
#include "core/run/neighbours.hpp"
#include "core/run/phase_clock.hpp"
#include "core/run/plugin_destination.hpp"
#include "core/run/preparation.hpp"
#include "core/run/proof.hpp"
#include "core/run/quiet.hpp"
#include "core/run/services.hpp"
#include "core/run/ticker.hpp"

namespace coldload {
namespace {

// One run's state; its functions are the phases, in the order in which execute_run() calls them.
class Run {
 public:
  Run(const WorkerRequest& request, const Registry& registry, EventSink& events,
      const std::atomic<bool>& cancelled)
      : request_(request),
        registry_(registry),
        events_(events),
        cancelled_(cancelled),
        services_(events, cancelled),
        clock_(events, record_.phases) {}

  RunRecord execute(uint64_t started_ns);

 private:
  [[nodiscard]] Result<void> phases();
  [[nodiscard]] Result<void> create_components();
  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<void> inspect();
  [[nodiscard]] Result<void> open_objects();
  [[nodiscard]] Result<void> create_destination();
  [[nodiscard]] Result<void> make_buffers();
  [[nodiscard]] Result<void> wait_for_quiet();
  [[nodiscard]] Result<void> make_cache_state();
  [[nodiscard]] Result<void> load();
  void prove();
  [[nodiscard]] Result<void> checksums();
  [[nodiscard]] bool no_local_cache() const;
  [[nodiscard]] bool external() const;

  const WorkerRequest& request_;
  const Registry& registry_;
  EventSink& events_;
  const std::atomic<bool>& cancelled_;
  RunRecord record_;
  RunServices services_;
  PhaseClock clock_;

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Strategy> strategy_;
  coldload_requirements needs_{};
  std::vector<std::vector<Extent>> extents_;
  Objects objects_;
  std::string device_;
  std::string nfs_mount_;  // "" unless the objects lie on NFS
  std::unique_ptr<Destination> destination_;
  std::unique_ptr<LoadJob> job_;
  ResidencyReading before_;
  std::vector<std::optional<FileIdentity>> files_;  // one an object
  Below below_;
  std::optional<SourceReading> source_;  // of a first start
  Counters counters_before_;
  std::string device_unknown_;
  bool set_up_ = false;
};

Result<void> Run::create_components() {
  auto backend = Backend::create(registry_, request_.backend, request_.base_directory, services_);
  if (!backend) return pass(backend);
  backend_ = std::move(*backend);
  auto strategy = Strategy::create(registry_, request_.strategy, request_.base_directory, services_);
  if (!strategy) return pass(strategy);
  strategy_ = std::move(*strategy);
  coldload_model_size size{};
  size.struct_size = sizeof size;
  size.item_count = static_cast<uint32_t>(request_.items.size());
  for (const ModelObject& item : request_.items) {
    size.total_bytes += item.size_bytes;
    size.largest_item_bytes = std::max(size.largest_item_bytes, item.size_bytes);
  }
  record_.bytes.model = size.total_bytes;
  auto needs = strategy_->requirements(size);
  if (!needs) return pass(needs);
  needs_ = *needs;
  return {};
}

// A first start begins with a cold source and a copy of its own; every other run takes the copy that is
// there, and makes one only where there is none.
Result<void> Run::prepare() {
  if (!backend_->stages()) return {};
  if (request_.cache == CacheState::first_start) {
    clock_.begin("evict");
    auto source = make_sources_cold(*backend_, request_.model_path, request_.disturb, request_.residency);
    if (!source) return pass(source);
    source_ = std::move(*source);
    if (source_->resident) record_.metrics.push_back({"source_resident_before", "ratio", *source_->resident});
  } else {
    const auto prepared = backend_->is_prepared(request_.model_path);
    if (!prepared) return pass(prepared);
    if (*prepared) return {};
  }
  clock_.begin("prepare");
  return copy_model(*backend_, request_, services_, events_);
}

Result<void> Run::inspect() {
  for (const ModelObject& item : request_.items) {
    auto extents = read_extents(*backend_, item, request_.synthetic);
    if (!extents) return pass(extents);
    extents_.push_back(std::move(*extents));
  }
  return {};
}

Result<void> Run::open_objects() {
  for (const ModelObject& item : request_.items) {
    auto object = backend_->open(item.key, needs_.open_flags);
    if (!object) return pass(object);
    const uint32_t missing = needs_.capabilities & ~(*object)->info().capabilities;
    if (missing != 0) {
      return fail(Status::unsupported,
                  fmt::format("{}: the strategy needs {}, which this object does not offer", item.key,
                              capability_names(missing)));
    }
    const bool direct = (needs_.open_flags & COLDLOAD_OPEN_DIRECT) != 0;
    if (direct && !(*object)->can(COLDLOAD_CAN_DIRECT)) {
      return fail(Status::unsupported,
                  item.key + ": direct I/O was asked for and is not possible on this object");
    }
    objects_.push_back(std::move(*object));
  }
  if (!objects_.empty() && objects_.front()->can(COLDLOAD_CAN_PATH)) {
    device_ = block_device_of(objects_.front()->info().path);
    nfs_mount_ = nfs_mount_of(objects_.front()->info().path);
  }
  below_ = look_below(objects_);
  return {};
}

Result<void> Run::create_destination() {
  if (request_.destination_plugin) {
    auto component = DestinationComponent::create(registry_, *request_.destination_plugin,
                                                  request_.base_directory, services_);
    if (!component) return pass(component);
    destination_ = std::make_unique<PluginDestination>(std::move(*component));
  } else {
    destination_ = make_destination(request_.destination);
  }
  if (destination_) return {};
  return fail(Status::invalid_option, fmt::format("no destination \"{}\"", request_.destination));
}

Result<void> Run::make_buffers() {
  if (auto created = create_destination(); !created) return created;
  const EffectiveOption* mapped = find_option(strategy_->options(), "mapped");
  if (mapped != nullptr && mapped->text == "touch") {
    if (request_.destination != "stream") {
      return fail(Status::unsupported, fmt::format("mapped = \"touch\" brings nothing to destination \"{}\"",
                                                   request_.destination));
    }
    destination_->set_mapped_delivery(MappedDelivery::touch);
  }
  BufferNeeds needs;
  needs.buffer_bytes = needs_.buffer_bytes;
  needs.buffers_in_flight = needs_.buffers_in_flight;
  needs.alignment_bytes = std::max<uint32_t>(needs_.memory_alignment_bytes, 1);
  needs.pool_bytes = request_.pool_bytes;
  for (const auto& object : objects_) {
    needs.alignment_bytes = std::max({needs.alignment_bytes, object->info().memory_alignment_bytes,
                                      object->info().offset_alignment_bytes});
  }
  std::vector<uint64_t> sizes;
  std::vector<LoadItem> items;
  for (size_t i = 0; i < objects_.size(); ++i) {
    sizes.push_back(request_.items[i].size_bytes);
    items.push_back(
        {request_.items[i].name, objects_[i]->table(), request_.items[i].size_bytes, std::move(extents_[i])});
  }
  auto begun = destination_->begin(sizes, needs);
  if (!begun) return begun;
  JobOptions options;
  options.verify = request_.verify;
  options.max_bandwidth = request_.max_bandwidth;
  options.cancelled = [this] { return services_.cancelled(); };
  job_ = std::make_unique<LoadJob>(std::move(items), *destination_, std::move(options));
  return {};
}

bool Run::no_local_cache() const {
  return std::ranges::all_of(objects_,
                             [](const auto& object) { return object->can(COLDLOAD_CAN_NO_LOCAL_CACHE); });
}

// Another program reads: nothing passes through the job, and what this process used says nothing of it.
bool Run::external() const {
  return (strategy_->component().table->flags & COLDLOAD_COMPONENT_EXTERNAL) != 0;
}

Result<void> Run::wait_for_quiet() {
  const bool touches_cache = request_.cache == CacheState::cold || request_.cache == CacheState::warm;
  if (touches_cache && !request_.disturb) {
    if (auto unused = refuse_used_files(objects_); !unused) return unused;
  }
  if (!request_.quiet) return {};
  const int fd =
      !objects_.empty() && objects_.front()->can(COLDLOAD_CAN_FD) ? objects_.front()->info().fd : -1;
  const Quiet quiet = wait_until_quiet(fd, device_, [this] { return services_.cancelled(); });
  record_.metrics.push_back({"quiet_wait_ns", "ns", static_cast<double>(quiet.waited_ns)});
  if (!quiet.reached) {
    record_.disturbed.push_back(fmt::format("the machine did not become quiet in {}: {}",
                                            format_duration(quiet.waited_ns), quiet.reason));
  }
  return {};
}

Result<void> drop_all_caches() {
  const Descriptor file(::open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return fail_errno(errno, "/proc/sys/vm/drop_caches");
  return write_all(file.get(), "1");
}

Result<void> Run::make_cache_state() {
  if (request_.cache == CacheState::cold) {
    clock_.begin("evict");
    auto evicted = evict_all(objects_);
    if (evicted && request_.drop_caches) evicted = drop_all_caches();
    if (!evicted) return evicted;
  } else if (request_.cache == CacheState::warm) {
    clock_.begin("warm");
    Pacer pacer(request_.max_bandwidth, [this] { return services_.cancelled(); });
    auto warmed = warm_all(objects_, pacer);
    if (!warmed) return warmed;
  }
  clock_.begin("prove");
  before_ = measure_residency(objects_, request_.residency);
  files_ = identities_of(objects_);
  return {};
}

Result<void> Run::load() {
  const Ticker ticker(*job_, *destination_, events_, cancelled_, record_.bytes.model);
  counters_before_ = take_counters(device_, nfs_mount_);
  clock_.begin("load");
  job_->start_clock();
  auto loaded = strategy_->load(job_->table());
  if (loaded) loaded = destination_->finish();
  clock_.begin("prove_after");
  const Counters after = take_counters(device_, nfs_mount_);
  add_difference(counters_before_, after, record_);
  if (!external()) add_own_usage(counters_before_, after, record_);
  device_unknown_ = after.io_unknown;
  record_.load_ns = record_.phases.get("load");
  record_.bytes.requested = job_->requested_bytes();
  record_.bytes.delivered = job_->delivered_bytes();
  add_load(*job_, files_, record_);
  if (!external()) add_own_memory(record_);
  if (!loaded) return loaded;
  // A strategy that delivers nothing by its nature is not held to coverage.
  return external() ? Result<void>{} : job_->check_complete();
}

void Run::prove() {
  ProofInputs inputs;
  inputs.cache = request_.cache;
  inputs.no_local_cache = no_local_cache();
  inputs.hidden_cache = below_.hidden_cache;
  inputs.unseen_below = below_.unseen;
  inputs.before = before_;
  inputs.after = measure_residency(objects_, request_.residency);
  inputs.device_bytes = record_.bytes.device;
  inputs.device_unknown = device_unknown_;
  inputs.external = external();
  inputs.model_bytes = record_.bytes.model;
  record_.proof = judge_proof(inputs);
  if (source_) judge_first_start(*source_, record_.proof);
  const bool kept = request_.cache == CacheState::cold && before_.share.value_or(0) > 0.01;
  if (!kept) return;
  std::vector<std::string> paths;
  for (const auto& object : objects_) {
    if (object->can(COLDLOAD_CAN_PATH)) paths.emplace_back(object->info().path);
  }
  // Mapped pages cannot be evicted: whoever maps them is the cause.
  if (const auto user = find_file_user(paths)) record_.proof.reason += ": " + to_string(*user);
}

Result<void> Run::checksums() {
  if (!request_.verify || external()) return {};
  if (auto seen = destination_->observe_kept(); !seen) return seen;
  std::string all;
  for (size_t i = 0; i < record_.objects.size(); ++i) {
    const auto digest = job_->digest(i);
    if (!digest)
      return fail(digest.error().status,
                  fmt::format("{}: {}", record_.objects[i].name, digest.error().message));
    record_.objects[i].checksum = digest->hex();
    all.append(reinterpret_cast<const char*>(digest->bytes.data()), digest->bytes.size());
  }
  record_.checksum = digest_of(std::as_bytes(std::span(all))).hex();
  return {};
}

Result<void> Run::phases() {
  clock_.begin("create");
  auto done = create_components();
  if (!done) return done;
  if (done = prepare(); !done) return done;
  clock_.begin("inspect");
  if (done = inspect(); !done) return done;
  clock_.begin("open");
  if (done = open_objects(); !done) return done;
  // A device's setting-up costs real time and is nothing a pool of buffers has: it has its own name.
  clock_.begin(request_.destination_plugin ? "destination" : "buffers");
  if (done = make_buffers(); !done) return done;
  clock_.begin("setup");
  if (done = strategy_->setup(job_->table()); !done) return done;
  set_up_ = true;
  clock_.begin("quiet");
  if (done = wait_for_quiet(); !done) return done;
  if (done = make_cache_state(); !done) return done;
  done = load();
  prove();
  if (done) done = check_unchanged(objects_, request_.items, files_);
  if (!done) return done;
  return checksums();
}

RunStatus status_of(const Error& error) {
  switch (error.status) {
    case Status::unsupported:
      return RunStatus::skipped;
    case Status::cancelled:
      return RunStatus::cancelled;
    default:
      return RunStatus::failed;
  }
}

RunRecord Run::execute(uint64_t started_ns) {
  record_.phases.add("start", now_ns() - started_ns);
  auto done = phases();
  const std::string failed_in = clock_.name();
  clock_.begin("release");
  if (set_up_) strategy_->teardown();
  job_.reset();
  destination_.reset();
  objects_.clear();
  strategy_.reset();
  backend_.reset();
  clock_.end();
  services_.collect(record_);
  record_.status = done ? RunStatus::ok : status_of(done.error());
  if (!done) {
    record_.reason = done.error().message;
    record_.evidence.emplace_back("failed_in", failed_in);
  }
  record_.cold_load_ns = record_.phases.get("inspect") + record_.phases.get("open") + record_.load_ns;
  record_.first_start_ns = record_.phases.get("prepare") + record_.cold_load_ns;
  uint64_t accounted = 0;
  for (const auto& [name, duration] : record_.phases.ns) accounted += duration;
  const uint64_t total = now_ns() - started_ns;
  record_.metrics.push_back({"worker_total_ns", "ns", static_cast<double>(total)});
  record_.metrics.push_back(
      {"unaccounted_ns", "ns", static_cast<double>(total - std::min(total, accounted))});
  return std::move(record_);
}

}  // namespace

RunRecord execute_run(const WorkerRequest& request, const Registry& registry, EventSink& events,
                      const std::atomic<bool>& cancelled, uint64_t started_ns) {
  return Run(request, registry, events, cancelled).execute(started_ns);
}

}  // namespace coldload
