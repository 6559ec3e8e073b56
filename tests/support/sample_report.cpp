#include "tests/support/sample_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

constexpr uint64_t kModelBytes = 15'231'233'024;

struct SampleCase {
  std::string backend;
  std::string strategy;
  std::string cache;
  double median_s = 1;
  double copy_s = 0;  // of a first start, within the median
  bool emulated = false;
};

CaseRecord case_of(const SampleCase& sample, const std::string& baseline_strategy) {
  CaseRecord record = sample_case("sequential", sample.cache);
  record.id = fmt::format("{}/{}/stream/{}", sample.backend, sample.strategy, sample.cache);
  record.backend = sample.backend;
  record.strategy = sample.strategy.substr(0, sample.strategy.find(','));
  record.strategy_plugin = record.strategy;
  record.emulated = sample.emulated;
  record.thread_count = 4;
  record.model_bytes = kModelBytes;
  record.baseline = fmt::format("nvme/{}/stream/{}", baseline_strategy,
                                sample.cache == "first-start" ? "cold" : sample.cache);
  return record;
}

// Shards one after the other, four in flight; their sizes as equal as those of a real model.
std::vector<ObjectRecord> shards_of(size_t count, uint64_t load_ns) {
  std::vector<ObjectRecord> shards;
  const uint64_t step = load_ns / (count + 3);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t first = i * step + 1'250'000;
    const uint64_t last = std::min(load_ns - 1'000, first + 4 * step);
    shards.push_back({fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, count), kModelBytes / count,
                      first, last, ""});
  }
  return shards;
}

RunRecord run_of(const CaseRecord& record, const SampleCase& sample, uint32_t repetition, size_t shards) {
  // A few per cent around the median, the same each time; the middle one of every five is the median.
  constexpr std::array kAround = {1.0, 0.985, 1.012, 0.993, 1.03};
  const double around = kAround[repetition % kAround.size()];
  RunRecord run = sample_run(record, repetition, (sample.median_s - sample.copy_s) * around);
  run.objects = shards_of(shards, run.load_ns);
  if (sample.copy_s > 0) {
    const auto copy_ns = static_cast<uint64_t>(sample.copy_s * around * 1e9);
    run.phases.ns.insert(run.phases.ns.begin(), {"prepare", copy_ns});
    run.first_start_ns = run.cold_load_ns + copy_ns;
    run.proof.kind = ProofKind::as_is;
  }
  if (record.backend == "lake") run.proof.kind = ProofKind::no_local_cache;
  return run;
}

void add_sample(ResultDocument& document, const SampleCase& sample, size_t runs, size_t shards) {
  document.cases.push_back(case_of(sample, "parallel,threads=4"));
  for (size_t i = 0; i <= runs; ++i) {
    document.runs.push_back(run_of(document.cases.back(), sample, static_cast<uint32_t>(i), shards));
    document.runs.back().sequence = document.runs.size();
  }
}

BackendRecord backend(std::string_view name, std::string_view plugin, StorageKind storage,
                      std::string_view location) {
  return {std::string(name), std::string(plugin), storage, false, std::string(location), "qwen2.5-7b", {}};
}

json::object mount(std::string_view path, std::string_view type, std::string_view source,
                   std::string_view storage) {
  return {{"path", path},
          {"type", type},
          {"source", source},
          {"options", "rw,relatime,errors=remount-ro"},
          {"device", type == "nfs4" ? "" : "nvme0n1"},
          {"device_model", type == "nfs4" ? "" : "a fast disk"},
          {"scheduler", type == "nfs4" ? "" : "none"},
          {"size_bytes", 1'920'000'000'000},
          {"free_bytes", 1'411'000'000'000},
          {"read_ahead_bytes", 131072},
          {"storage", storage}};
}

ResultDocument report_header() {
  ResultDocument document = empty_document();
  document.scenario["name"] = "nvme-vs-network-vs-staged";
  document.scenario["file"] = "scenarios/nvme-vs-network-vs-staged.toml";
  document.scenario["model_path"] = "qwen2.5-7b";
  document.scenario["model_bytes"] = kModelBytes;
  document.scenario["loaded_bytes"] = kModelBytes;
  document.scenario["policy"] = json::object{{"user_facing_ns", 30'000'000'000},
                                             {"internal_ns", 20'000'000'000},
                                             {"dev_test_ns", 600'000'000'000},
                                             {"engine_start_ns", 12'000'000'000},
                                             {"restarts_per_day", 4}};
  json::object nvme = mount("/mnt/nvme", "ext4", "/dev/nvme0n1p1", "local_disk");
  json::array storage{nvme, mount("/srv/share", "nfs4", "files.example:/export", "network_mount")};
  nvme["backend"] = "nvme";
  document.environment["mounts"] = json::array{nvme};
  document.environment["storage"] = std::move(storage);
  document.environment["os"] = "Debian GNU/Linux 12 (bookworm)";
  document.backends = {backend("nvme", "local", StorageKind::local_disk, "/mnt/nvme/models"),
                       backend("lake", "s3", StorageKind::object_store, "s3://models"),
                       backend("lake-to-nvme", "staged", StorageKind::staged, ""),
                       backend("share", "shaped", StorageKind::network, "/mnt/nvme/models")};
  document.backends[2].built_on = {{"source", "lake"}, {"target", "nvme"}};
  document.backends[3].built_on = {{"backend", "nvme"}};
  document.backends[3].emulated = true;
  for (const std::string_view moment : {"first", "last"}) {
    document.probes.push_back({"device/direct",
                               "nvme",
                               std::string(moment),
                               3.21e9,
                               {{"best_depth", 8}, {"block_bytes", 1048576}}});
    document.probes.push_back(
        {"memory/page_cache_read", "this machine", std::string(moment), 11.4e9, {{"threads", 8}}});
  }
  return document;
}

void add_without_figures(ResultDocument& document) {
  const auto add = [&](std::string_view strategy, std::string_view cache, CaseStatus status,
                       std::string_view reason) {
    CaseRecord record = case_of({"lake", std::string(strategy), std::string(cache)}, "parallel,threads=4");
    record.status = status;
    record.reason = reason;
    document.cases.push_back(std::move(record));
  };
  add("mmap", "cold", CaseStatus::skipped, "backend lake offers no descriptor, which strategy mmap needs");
  add("parallel,threads=4", "warm", CaseStatus::skipped,
      "nothing read from it stays on this machine: there is nothing to warm");
  add("io_uring", "cold", CaseStatus::failed,
      "crashed: the worker died of signal 11 (SIGSEGV) in phase load");
  add("sequential", "cold", CaseStatus::not_measured, "the budget of 2 h was used up");
}

class SampleReport {
 public:
  SampleReport(const ResultDocument& document, std::string_view before)
      : document_(document), before_(before) {}

  Report make() {
    report_.document = &document_;
    report_.run_id = text("20260102T030405Z-nvme-vs-network-vs-staged");
    report_.client = text("Example Ltd");
    report_.cases = analyse_cases(document_);
    decide();
    find();
    advise();
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::string text(std::string_view words) const { return before_ + std::string(words); }

  // The fastest measured case whose id has all parts; null without one.
  [[nodiscard]] const CaseAnalysis* fastest(std::string_view part, std::string_view other) const {
    const CaseAnalysis* found = nullptr;
    for (const CaseAnalysis& analysis : report_.cases) {
      const std::string& id = analysis.record->id;
      const bool fits = id.find(part) != std::string::npos && id.find(other) != std::string::npos;
      if (!fits || analysis.valid_count == 0 || analysis.record->emulated) continue;
      if (found == nullptr || analysis.cold_load.median < found->cold_load.median) found = &analysis;
    }
    return found;
  }

  void decide() {
    Decision& decision = report_.decision;
    decision.disk.cold = fastest("nvme/", "/cold");
    decision.network.cold = fastest("lake/", "/cold");
    decision.staged.cold = fastest("lake-to-nvme/", "/cold");
    decision.staged.first_start = fastest("lake-to-nvme/", "/first-start");
    decision.steady = decision.staged.cold != nullptr ? decision.staged.cold : decision.disk.cold;
    decision.home = Home::staged;
    decision.reason = HomeReason::staging_pays;
    decision.engine_start = {12.0, text("scenario.policy"), {}};
    const auto judge = [&](std::string_view tier, double allowed_s, bool first, const CaseAnalysis* by) {
      if (by == nullptr) return;
      const double ready_s = by->cold_load.median + 12;
      decision.verdicts.push_back({text(tier), allowed_s, first, ready_s, ready_s <= allowed_s, by,
                                   ready_s <= allowed_s ? nullptr : decision.disk.cold});
    };
    judge("user_facing", 30, false, decision.steady);
    judge("user_facing", 30, true, decision.staged.first_start);
    judge("internal", 20, false, decision.steady);
    judge("dev_test", 600, true, decision.staged.first_start);
    if (decision.network.cold == nullptr || decision.staged.first_start == nullptr) return;
    BreakEven even;
    even.extra_first_s =
        decision.staged.first_start->cold_load.median - decision.network.cold->cold_load.median;
    even.saved_per_restart_s = decision.network.cold->cold_load.median - decision.steady->cold_load.median;
    even.restarts = even.extra_first_s / even.saved_per_restart_s;
    even.days = *even.restarts / 4;
    decision.break_even = even;
  }

  [[nodiscard]] std::vector<std::string> basis() const {
    std::vector<std::string> ids;
    for (const CaseAnalysis* analysis : {report_.decision.steady, report_.decision.network.cold}) {
      if (analysis != nullptr) ids.push_back(analysis->record->id);
    }
    return ids;
  }

  [[nodiscard]] Statement say(std::string_view words) const { return {text(words), basis()}; }

  void find() {
    report_.findings = {{FindingKind::unproved, Severity::problem,
                         say("One run of the mapped case could not be proved cold."),
                         text("Another process maps the file."), text("Stop it, or run with --disturb.")},
                        {FindingKind::neighbours, Severity::caution, say("One run was disturbed."), "",
                         text("Repeat it on a quiet machine.")},
                        {FindingKind::bound, Severity::information, say("The disk itself is the limit."),
                         text("The device reached no more when it was probed."), ""}};
  }

  void advise() {
    Advice& advice = report_.advice;
    advice.answer = {
        say("Keep the weights on the node's disk, copied there from the object store at the first start."),
        say("A restart from the copy is several times faster than from the object store.")};
    advice.recommendation = {
        say("In steady state the weights live on the disk, staged from the object store."),
        say("Stage at the first start: the copy is earned back within days."),
        {text("User-facing services are ready in time."), {text("scenario.policy")}},
        say("Do not pre-warm: the copy leaves the page cache warm by itself.")};
    advice.bootstrap = {say("check that the mount is the one that was measured"), say("take a lock"),
                        say("stage the model atomically and verified before the service starts")};
    advice.takeaways = {say("Copy once, load often."),
                        say("Prove that a start was cold before believing its time."),
                        say("Watch the first start after a node is replaced: it is the slow one.")};
    advice.reservations = {say("The file server is emulated: nothing here rests on it alone."),
                           {text("What the object store itself caches is not proved."), basis()}};
  }

  const ResultDocument& document_;
  std::string before_;
  Report report_;
};

constexpr std::array<std::string_view, 4> kMeaningful = {"status", "kind", "storage", "started_at"};

json::value with_text(const json::value& value, std::string_view text) {
  if (value.is_string()) return json::value(std::string(text) + std::string(value.get_string()));
  if (const json::array* array = value.if_array()) {
    json::array out;
    for (const json::value& element : *array) out.push_back(with_text(element, text));
    return out;
  }
  if (const json::object* object = value.if_object()) {
    json::object out;
    for (const auto& member : *object) {
      const bool kept = std::ranges::find(kMeaningful, std::string_view(member.key())) != kMeaningful.end();
      out[member.key()] = kept ? member.value() : with_text(member.value(), text);
    }
    return out;
  }
  return value;
}

}  // namespace

ResultDocument sample_report_document() {
  ResultDocument document = report_header();
  constexpr size_t kRuns = 7;
  constexpr size_t kShards = 4;
  const std::vector<SampleCase> samples = {
      {"nvme", "parallel,threads=4", "cold", 5.21},
      {"nvme", "parallel,threads=16,chunk=8 MiB", "cold", 4.93},
      {"nvme", "mmap", "cold", 9.84},
      {"lake", "parallel,threads=4", "cold", 31.4},
      {"lake", "parallel,threads=16,chunk=8 MiB", "cold", 24.2},
      {"lake-to-nvme", "parallel,threads=4", "cold", 5.25},
      {"lake-to-nvme", "parallel,threads=16,chunk=8 MiB", "cold", 4.98},
      {"lake-to-nvme", "parallel,threads=16,chunk=8 MiB", "first-start", 29.7, 27.1},
      {"share", "parallel,threads=4", "cold", 61.8, 0, true},
      {"share", "parallel,threads=16,chunk=8 MiB", "cold", 58.3, 0, true},
      {"nvme", "parallel,threads=4", "warm", 1.61},
      {"nvme", "mmap", "warm", 2.31}};
  for (const SampleCase& sample : samples) add_sample(document, sample, kRuns, kShards);
  for (RunRecord& run : document.runs) {
    if (run.case_id == "nvme/mmap/stream/cold" && run.repetition == 7) {
      run.proof = {ProofKind::unprovable,
                   false,
                   0.31,
                   1.0,
                   0.69,
                   "cachestat",
                   "31.0 % of the bytes were still in the page cache: mapped by process 4711",
                   ""};
    }
    if (run.case_id == "nvme/parallel,threads=4/stream/cold" && run.repetition == 4) {
      run.disturbed = {"others read 512 MB beside us from the same device"};
    }
  }
  add_without_figures(document);
  document.expectations = {json::object{{"case", "nvme/parallel,threads=4/stream/cold"},
                                        {"metric", "median"},
                                        {"expected", "< 6 s"},
                                        {"measured", 5.21e9},
                                        {"kept", true}},
                           json::object{{"case", "lake/parallel,threads=4/stream/cold"},
                                        {"metric", "throughput"},
                                        {"expected", "> 1 GB/s"},
                                        {"measured", 0.485e9},
                                        {"kept", false}},
                           json::object{{"case", "lake/mmap/stream/cold"},
                                        {"metric", "median"},
                                        {"expected", "< 60 s"},
                                        {"kept", false},
                                        {"reason", "skipped: backend lake offers no descriptor"}}};
  return document;
}

ResultDocument large_report_document(const ReportSize& size) {
  ResultDocument document = report_header();
  constexpr std::array<std::string_view, 4> kBackends = {"nvme", "lake", "lake-to-nvme", "share-to-nvme"};
  document.backends.push_back(
      {"share-to-nvme", "staged", StorageKind::staged, true, "", "", {{"source", "share"}}});
  for (size_t i = 0; i < size.cases; ++i) {
    const std::string_view name = kBackends[i % kBackends.size()];
    const bool first = i % 8 >= 6;
    const bool warm = i % 8 == 4;
    SampleCase sample{std::string(name),
                      fmt::format("parallel,threads={},chunk=8 MiB", 1U << (i / 4)),
                      first  ? "first-start"
                      : warm ? "warm"
                             : "cold",
                      3.0 + static_cast<double>(i * 7 % 30),
                      0,
                      name == "share-to-nvme"};
    if (first) sample.copy_s = sample.median_s * 0.8;
    add_sample(document, sample, size.runs, size.shards);
  }
  return document;
}

ResultDocument hostile_document(const ResultDocument& document, std::string_view text) {
  auto changed = document_from_json(with_text(to_json(document), text));
  return changed ? std::move(*changed) : ResultDocument{};
}

Report sample_report(const ResultDocument& document, std::string_view before_texts) {
  return SampleReport(document, before_texts).make();
}

}  // namespace coldload
