#include "tests/support/layout_documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

constexpr uint64_t kModelBytes = 15'200'000'000;

json::object mount(std::string_view path, std::string_view type, std::string_view source,
                   std::string_view device, StorageKind kind) {
  json::object out{{"path", path},
                   {"type", type},
                   {"source", source},
                   {"options", "rw,relatime"},
                   {"device", device},
                   {"device_model", device.empty() ? "" : "a solid-state disk"},
                   {"scheduler", "none"},
                   {"size_bytes", 1'000'000'000'000},
                   {"free_bytes", 700'000'000'000},
                   {"storage", to_string(kind)}};
  if (!device.empty()) {
    out["read_ahead_bytes"] = 131072;
    out["rotational"] = false;
  }
  return out;
}

json::object disk_mount() {
  return mount("/mnt/nvme", "ext4", "/dev/nvme0n1p1", "nvme0n1", StorageKind::local_disk);
}

json::object share_mount() {
  return mount("/mnt/share", "nfs4", "filer:/models", "", StorageKind::network_mount);
}

class Builder {
 public:
  explicit Builder(bool has_disk = true) : document_(empty_document()) {
    document_.scenario = {{"name", "client"},
                          {"file", "client.toml"},
                          {"text", "schema = 1\n"},
                          {"model_path", "qwen2.5-7b"},
                          {"model_bytes", kModelBytes},
                          {"loaded_bytes", kModelBytes},
                          {"run", json::object{{"seed", 1}}},
                          {"service", json::object{{"argv", {"vllm", "serve", "{model}", "--port", "{port}"}},
                                                   {"port", 8000},
                                                   {"health", "/health"},
                                                   {"ready_timeout_ns", 300'000'000'000}}}};
    policy(30, 120, 600);
    document_.environment["memory"] = json::object{{"total_bytes", 64'000'000'000}};
    json::array storage;
    if (has_disk) storage.push_back(disk_mount());
    storage.push_back(share_mount());
    document_.environment["storage"] = storage;
    document_.environment["mounts"] = json::array();
    add_backend("share", StorageKind::network_mount, "/mnt/share", share_mount());
    if (!has_disk) return;
    add_backend("nvme", StorageKind::local_disk, "/mnt/nvme/models", disk_mount());
    BackendRecord staged{"share-to-nvme",
                         "staged",
                         StorageKind::staged,
                         false,
                         "",
                         "qwen2.5-7b",
                         {{"source", "share"}, {"target", "nvme"}}};
    document_.backends.push_back(staged);
  }

  Builder& policy(double user_facing_s, double internal_s, double dev_test_s) {
    const auto ns = [](double seconds) { return static_cast<uint64_t>(seconds * 1e9); };
    document_.scenario["policy"] = json::object{{"user_facing_ns", ns(user_facing_s)},
                                                {"internal_ns", ns(internal_s)},
                                                {"dev_test_ns", ns(dev_test_s)},
                                                {"restarts_per_day", 4.0}};
    return *this;
  }

  Builder& engine_start(double seconds) {
    document_.scenario["policy"].as_object()["engine_start_ns"] = static_cast<uint64_t>(seconds * 1e9);
    return *this;
  }

  Builder& memory(uint64_t bytes) {
    document_.environment["memory"] = json::object{{"total_bytes", bytes}};
    return *this;
  }

  // Six runs around `seconds`, 1 % apart.
  Builder& add(std::string_view backend, std::string_view strategy, std::string_view cache, double seconds,
               double copy_seconds = 0) {
    CaseRecord record = sample_case(strategy, cache);
    record.id = fmt::format("{}/{}/stream/{}", backend, strategy, cache);
    record.backend = backend;
    record.strategy_plugin = record.strategy;
    record.baseline = "";
    record.model_bytes = kModelBytes;
    if (record.strategy == "mmap") {
      record.options["strategy"] =
          json::object{{"order", {{"value", "name"}, {"written", "name"}, {"source", "scenario"}}},
                       {"prefetch_threads", {{"value", 0}, {"written", "0"}, {"source", "default"}}}};
    }
    std::vector<double> times;
    for (int i = 0; i < 6; ++i) times.push_back(seconds * (1 + 0.01 * i - 0.025));
    add_case(document_, record, times);
    for (RunRecord& run : document_.runs) {
      if (run.case_id != record.id || cache != "first-start") continue;
      const auto copy_ns = static_cast<uint64_t>(copy_seconds * 1e9);
      run.phases.add("prepare", copy_ns);
      run.first_start_ns = run.cold_load_ns + copy_ns;
      run.proof.kind = ProofKind::as_is;
    }
    return *this;
  }

  Builder& staged(double restart_s, double copy_s) {
    add("share-to-nvme", "parallel", "cold", restart_s);
    return add("share-to-nvme", "parallel", "first-start", restart_s, copy_s);
  }

  ResultDocument take() { return std::move(document_); }

 private:
  void add_backend(std::string_view name, StorageKind kind, std::string_view location, json::object on) {
    document_.backends.push_back(
        {std::string(name), "local", kind, false, std::string(location), "qwen2.5-7b", {}});
    on["backend"] = name;
    document_.environment["mounts"].as_array().push_back(std::move(on));
  }

  ResultDocument document_;
};

ResultDocument nothing_provable() {
  ResultDocument document =
      Builder().add("nvme", "parallel", "cold", 5).add("share", "parallel", "cold", 30).take();
  for (RunRecord& run : document.runs) {
    run.proof = {ProofKind::unprovable,
                 false,
                 0.4,
                 1.0,
                 0.6,
                 "cachestat",
                 "40.0 % of the bytes were still in the page cache when the clock started",
                 ""};
  }
  return document;
}

}  // namespace

std::vector<LayoutDocument> layout_documents() {
  return {
      {"nvme_wins", Builder()
                        .add("nvme", "parallel", "cold", 5)
                        .add("nvme", "mmap", "cold", 9)
                        .add("nvme", "parallel", "warm", 1.2)
                        .add("share", "parallel", "cold", 60)
                        .staged(5, 58)
                        .take()},
      {"network_equal",
       Builder().add("nvme", "parallel", "cold", 10).add("share", "parallel", "cold", 10.05).take()},
      {"staging_never_pays", Builder().add("share", "parallel", "cold", 8).staged(11, 20).take()},
      {"no_local_disk",
       Builder(false).add("share", "parallel", "cold", 25).add("share", "mmap", "cold", 90).take()},
      {"larger_than_memory", Builder()
                                 .memory(16'000'000'000)
                                 .add("nvme", "parallel", "cold", 5)
                                 .add("share", "parallel", "cold", 60)
                                 .take()},
      {"nothing_provable", nothing_provable()},
      {"policy_missed", Builder()
                            .policy(1, 2, 3)
                            .add("nvme", "parallel", "cold", 5)
                            .add("share", "parallel", "cold", 60)
                            .staged(5, 58)
                            .take()},
      {"engine_dominates", Builder()
                               .policy(120, 300, 600)
                               .engine_start(90)
                               .add("nvme", "parallel", "cold", 5)
                               .add("share", "parallel", "cold", 12)
                               .staged(5, 12)
                               .take()},
  };
}

ResultDocument layout_document(const std::string& name) {
  for (LayoutDocument& one : layout_documents()) {
    if (one.name == name) return std::move(one.document);
  }
  throw std::invalid_argument("no layout document " + name);
}

void swap_times(ResultDocument& document, const std::string& one, const std::string& other) {
  std::vector<RunRecord*> ours;
  std::vector<RunRecord*> theirs;
  for (RunRecord& run : document.runs) {
    if (run.case_id == one) ours.push_back(&run);
    if (run.case_id == other) theirs.push_back(&run);
  }
  for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    std::swap(ours[i]->phases, theirs[i]->phases);
    std::swap(ours[i]->load_ns, theirs[i]->load_ns);
    std::swap(ours[i]->cold_load_ns, theirs[i]->cold_load_ns);
    std::swap(ours[i]->first_start_ns, theirs[i]->first_start_ns);
  }
}

void make_emulated(ResultDocument& document, const std::string& backend) {
  for (BackendRecord& record : document.backends) record.emulated = record.emulated || record.name == backend;
  for (CaseRecord& record : document.cases) record.emulated = record.emulated || record.backend == backend;
}

}  // namespace coldload
