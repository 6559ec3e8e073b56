#include "tests/support/sample_document.hpp"

#include <fmt/format.h>

namespace coldload {
namespace {

constexpr uint64_t kModelBytes = 2'000'000'000;

ProbeRecord probe(std::string_view tag, std::string_view subject, std::string_view moment, double rate,
                  json::object detail) {
  return {std::string(tag), std::string(subject), std::string(moment), rate, std::move(detail)};
}

void add_probes(ResultDocument& document) {
  for (const std::string_view moment : {"first", "last"}) {
    const double drift = moment == "first" ? 1.0 : 0.9;
    document.probes.push_back(probe("device/direct", "local", moment, 1.0e9 * drift,
                                    {{"best_depth", 8}, {"block_bytes", 1048576}}));
    for (const int threads : {1, 2}) {
      document.probes.push_back(probe("memory/page_cache_read", "this machine", moment,
                                      10e9 * drift * threads, {{"threads", threads}}));
    }
  }
}

}  // namespace

CaseRecord sample_case(std::string_view strategy, std::string_view cache) {
  CaseRecord record;
  record.id = fmt::format("local/{}/stream/{}", strategy, cache);
  record.backend = "local";
  record.strategy = strategy.substr(0, strategy.find(','));
  record.destination = "stream";
  record.cache = cache;
  record.options = {{"backend", json::object{{"root", {{"value", "/models"}, {"source", "scenario"}}}}},
                    {"strategy", json::object{}}};
  record.thread_count = 1;
  record.baseline = fmt::format("local/sequential/stream/{}", cache);
  record.model_bytes = kModelBytes;
  record.status = CaseStatus::ok;
  return record;
}

RunRecord sample_run(const CaseRecord& record, uint32_t repetition, double seconds) {
  RunRecord run;
  run.case_id = record.id;
  run.repetition = repetition;
  run.started_at = "2026-01-02T03:04:05Z";
  run.status = RunStatus::ok;
  const bool warm = record.cache == "warm";
  run.proof.kind = warm ? ProofKind::warm : ProofKind::residency_and_bytes;
  run.proof.valid = true;
  run.proof.resident_before = warm ? 1.0 : 0.0;
  run.proof.resident_after = 1.0;
  run.proof.device_ratio = warm ? 0.0 : 1.0;
  run.proof.method = "cachestat";
  run.bytes = {record.model_bytes, record.model_bytes, record.model_bytes, warm ? 0 : record.model_bytes, {}};
  run.load_ns = static_cast<uint64_t>(seconds * 1e9) - 2'000'000;
  run.phases.add("inspect", 1'000'000);
  run.phases.add("open", 1'000'000);
  run.phases.add("load", run.load_ns);
  run.cold_load_ns = run.load_ns + 2'000'000;
  run.first_start_ns = run.cold_load_ns;
  run.metrics = {{"chunks", "count", 239}, {"first_byte_ns", "ns", 1'250'000}};
  run.objects = {{"model.safetensors", record.model_bytes, 1'250'000, run.load_ns - 1000, ""}};
  if (repetition == 0) {
    run.checksum = "00112233445566778899aabbccddeeff";
    run.objects.front().checksum = "ffeeddccbbaa99887766554433221100";
  }
  run.evidence = {{"direct", false}, {"threads", int64_t{1}}, {"advice", std::string("normal")}};
  return run;
}

void add_case(ResultDocument& document, const CaseRecord& record, const std::vector<double>& seconds) {
  document.cases.push_back(record);
  document.runs.push_back(sample_run(record, 0, 1.0));
  for (size_t i = 0; i < seconds.size(); ++i) {
    document.runs.push_back(sample_run(record, static_cast<uint32_t>(i + 1), seconds[i]));
  }
  for (size_t i = 0; i < document.runs.size(); ++i) document.runs[i].sequence = i;
}

ResultDocument empty_document() {
  ResultDocument document;
  document.program = {{"name", "coldload"}, {"version", "0.1.0"}};
  document.scenario = {{"name", "sample"},
                       {"file", "scenarios/sample.toml"},
                       {"text", "schema = 1\n"},
                       {"run", json::object{{"seed", 1}}}};
  document.environment = {{"kernel", "Linux 6.1.0 x86_64"},
                          {"cpu", json::object{{"model", "a processor"}, {"online", 2}}},
                          {"memory", json::object{{"total_bytes", 8'000'000'000}}}};
  document.plugins = {json::object{{"id", "org.coldload.local"},
                                   {"version", "0.1.0"},
                                   {"file", "coldload_local.so"},
                                   {"sha256", std::string(64, 'a')}}};
  document.started_at = "2026-01-02T03:04:05Z";
  document.ended_at = "2026-01-02T03:14:05Z";
  return document;
}

ResultDocument sample_document() {
  ResultDocument document = empty_document();
  add_probes(document);
  add_case(document, sample_case("sequential", "cold"), {2.61, 2.55, 2.70, 2.58, 2.66, 2.63});
  CaseRecord parallel = sample_case("parallel,threads=4", "cold");
  parallel.thread_count = 4;
  add_case(document, parallel, {2.11, 2.05, 2.20, 2.08, 2.16, 2.13});
  document.runs.back().disturbed = {"caches were dropped during the run"};
  add_case(document, sample_case("mmap", "cold"), {2.60, 2.57, 2.71, 2.59, 2.64, 2.62});
  auto& not_cold = document.runs.back().proof;
  not_cold = {
      ProofKind::unprovable,
      false,
      0.31,
      1.0,
      0.69,
      "cachestat",
      "31.0 % of the bytes were still in the page cache when the clock started: mapped by process 4711",
      ""};
  CaseRecord uring = sample_case("io_uring,registered_buffers=true", "cold");
  uring.status = CaseStatus::skipped;
  uring.reason = "registering 64 MiB of buffers was refused: RLIMIT_MEMLOCK is 8 MiB";
  document.cases.push_back(uring);

  add_case(document, sample_case("sequential", "warm"), {0.231, 0.228, 0.229, 0.232, 0.230, 0.229});
  CaseRecord parallel_warm = sample_case("parallel,threads=4", "warm");
  parallel_warm.thread_count = 4;
  add_case(document, parallel_warm, {0.131, 0.128, 0.129, 0.132, 0.130, 0.129});
  CaseRecord touch = sample_case("mmap,mapped=touch", "warm");
  touch.options["strategy"] = json::object{{"mapped", {{"value", "touch"}, {"source", "scenario"}}}};
  add_case(document, touch, {0.028, 0.027, 0.026, 0.028, 0.029, 0.027});

  CaseRecord failed = sample_case("mmap", "warm");
  failed.status = CaseStatus::failed;
  failed.reason = "crashed: the worker died of signal 11 (SIGSEGV) in phase load";
  document.cases.push_back(failed);
  document.runs.push_back(sample_run(failed, 1, 1.0));
  document.runs.back().status = RunStatus::crashed;
  document.runs.back().reason = "the worker died of signal 11 (SIGSEGV) in phase load";
  document.runs.back().proof = Proof{};
  document.runs.back().proof.method = "none";
  document.runs.back().output = "a last word\n";
  CaseRecord left = sample_case("io_uring", "warm");
  left.status = CaseStatus::not_measured;
  left.reason = "the budget of 45 min was used up";
  document.cases.push_back(left);

  document.expectations = {json::object{{"case", "local/sequential/stream/cold"},
                                        {"metric", "median"},
                                        {"expected", "< 3 s"},
                                        {"measured", 2.62e9},
                                        {"kept", true}},
                           json::object{{"case", "local/mmap/stream/warm"},
                                        {"metric", "throughput"},
                                        {"expected", "> 5 GB/s"},
                                        {"kept", false},
                                        {"reason", "failed: the worker died"}}};
  return document;
}

}  // namespace coldload
