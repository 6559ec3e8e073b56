#include "core/record/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace coldload {
namespace {

json::object case_to_json(const CaseRecord& record) {
  json::object out;
  out["id"] = record.id;
  out["backend"] = record.backend;
  out["strategy"] = record.strategy;
  if (!record.strategy_plugin.empty()) out["strategy_plugin"] = record.strategy_plugin;
  out["destination"] = record.destination;
  out["cache"] = record.cache;
  out["options"] = record.options;
  out["emulated"] = record.emulated;
  out["synthetic"] = record.synthetic;
  out["external"] = record.external;
  out["sampled"] = record.sampled;
  out["direct"] = record.direct;
  out["thread_count"] = record.thread_count;
  out["baseline"] = record.baseline;
  out["model_bytes"] = record.model_bytes;
  out["status"] = to_string(record.status);
  out["reason"] = json::utf8(record.reason);
  return out;
}

CaseRecord case_from_json(const json::object& from) {
  CaseRecord record;
  record.id = json::text_or(from, "id");
  record.backend = json::text_or(from, "backend");
  record.strategy = json::text_or(from, "strategy");
  record.strategy_plugin = json::text_or(from, "strategy_plugin");
  record.destination = json::text_or(from, "destination");
  record.cache = json::text_or(from, "cache");
  if (const json::object* options = json::object_at(from, "options")) record.options = *options;
  record.emulated = json::bool_or(from, "emulated");
  record.synthetic = json::bool_or(from, "synthetic");
  record.external = json::bool_or(from, "external");
  record.sampled = json::bool_or(from, "sampled");
  record.direct = json::bool_or(from, "direct");
  record.thread_count = static_cast<uint32_t>(json::unsigned_or(from, "thread_count"));
  record.baseline = json::text_or(from, "baseline");
  record.model_bytes = json::unsigned_or(from, "model_bytes");
  const std::string_view status = json::text_or(from, "status");
  for (const CaseStatus known :
       {CaseStatus::ok, CaseStatus::skipped, CaseStatus::failed, CaseStatus::not_measured}) {
    if (to_string(known) == status) record.status = known;
  }
  record.reason = json::text_or(from, "reason");
  return record;
}

json::object backend_to_json(const BackendRecord& backend) {
  json::object built_on;
  for (const auto& [option, name] : backend.built_on) built_on[option] = name;
  return {{"name", backend.name},
          {"plugin", backend.plugin},
          {"storage", to_string(backend.storage)},
          {"emulated", backend.emulated},
          {"location", json::utf8(backend.location)},
          {"model_path", json::utf8(backend.model_path)},
          {"built_on", std::move(built_on)}};
}

BackendRecord backend_from_json(const json::object& from) {
  BackendRecord backend;
  backend.name = json::text_or(from, "name");
  backend.plugin = json::text_or(from, "plugin");
  backend.storage = storage_kind_from(json::text_or(from, "storage"));
  backend.emulated = json::bool_or(from, "emulated");
  backend.location = json::text_or(from, "location");
  backend.model_path = json::text_or(from, "model_path");
  if (const json::object* built_on = json::object_at(from, "built_on")) {
    for (const auto& member : *built_on) {
      if (member.value().is_string()) {
        backend.built_on.emplace_back(member.key(), std::string_view(member.value().get_string()));
      }
    }
  }
  return backend;
}

}  // namespace

std::string_view to_string(CaseStatus status) {
  switch (status) {
    case CaseStatus::ok:
      return "ok";
    case CaseStatus::skipped:
      return "skipped";
    case CaseStatus::failed:
      return "failed";
    case CaseStatus::not_measured:
      return "not_measured";
  }
  return "unknown";
}

std::string_view BackendRecord::built_on_as(std::string_view option) const {
  const auto found = std::ranges::find(built_on, option, &std::pair<std::string, std::string>::first);
  return found == built_on.end() ? std::string_view() : std::string_view(found->second);
}

const BackendRecord* ResultDocument::backend(std::string_view name) const {
  const auto found = std::ranges::find(backends, name, &BackendRecord::name);
  return found == backends.end() ? nullptr : &*found;
}

const CaseRecord* ResultDocument::find_case(std::string_view id) const {
  const auto found = std::ranges::find(cases, id, &CaseRecord::id);
  return found == cases.end() ? nullptr : &*found;
}

std::string_view ending_in_words(const ResultDocument& document) {
  if (!document.finished) return "not finished";
  return document.interrupted ? "interrupted" : "";
}

std::string why_unfinished(const ResultDocument& document) {
  if (document.finished) return {};
  std::string why = "there is no result.json: the process was killed, could not write it or still runs";
  const uint64_t expected = json::unsigned_or(document.scenario, "expectation_count");
  if (expected != 0) {
    why += fmt::format("; {} expectation{} not judged", expected, expected == 1 ? " was" : "s were");
  }
  return why;
}

json::value to_json(const ProbeRecord& probe) {
  return json::object{{"tag", probe.tag},
                      {"subject", probe.subject},
                      {"moment", probe.moment},
                      {"bytes_per_second", json::number(probe.bytes_per_second)},
                      {"detail", probe.detail}};
}

Result<ProbeRecord> probe_record_from_json(const json::value& json) {
  const json::object* from = json.if_object();
  if (from == nullptr || !from->contains("tag"))
    return fail(Status::integrity, "a probe record without a tag");
  ProbeRecord probe;
  probe.tag = json::text_or(*from, "tag");
  probe.subject = json::text_or(*from, "subject");
  probe.moment = json::text_or(*from, "moment");
  probe.bytes_per_second = json::number_or(*from, "bytes_per_second");
  if (const json::object* detail = json::object_at(*from, "detail")) probe.detail = *detail;
  return probe;
}

json::value to_json(const ResultDocument& document) {
  json::object out;
  out["schema_version"] = kResultSchemaVersion;
  out["program"] = document.program;
  out["started_at"] = document.started_at;
  out["ended_at"] = document.ended_at;
  out["interrupted"] = document.interrupted;
  if (!document.finished) out["finished"] = false;
  out["scenario"] = document.scenario;
  out["environment"] = document.environment;
  out["plugins"] = document.plugins;
  json::array backends;
  for (const BackendRecord& backend : document.backends) backends.push_back(backend_to_json(backend));
  out["backends"] = std::move(backends);
  json::array cases;
  for (const CaseRecord& record : document.cases) cases.push_back(case_to_json(record));
  out["cases"] = std::move(cases);
  json::array runs;
  for (const RunRecord& run : document.runs) runs.push_back(to_json(run));
  out["runs"] = std::move(runs);
  json::array probes;
  for (const ProbeRecord& probe : document.probes) probes.push_back(to_json(probe));
  out["probes"] = std::move(probes);
  out["expectations"] = document.expectations;
  return out;
}

Result<ResultDocument> document_from_json(const json::value& json) {
  const json::object* from = json.if_object();
  if (from == nullptr) return fail(Status::integrity, "not a result document: expected a JSON object");
  const int64_t version = json::integer_or(*from, "schema_version", -1);
  if (version != kResultSchemaVersion) {
    return fail(Status::unsupported, fmt::format("schema_version {} is not known, this program reads {}",
                                                 version, kResultSchemaVersion));
  }
  ResultDocument document;
  if (const auto* program = json::object_at(*from, "program")) document.program = *program;
  if (const auto* scenario = json::object_at(*from, "scenario")) document.scenario = *scenario;
  if (const auto* environment = json::object_at(*from, "environment")) document.environment = *environment;
  if (const auto* plugins = json::array_at(*from, "plugins")) document.plugins = *plugins;
  if (const auto* expectations = json::array_at(*from, "expectations")) document.expectations = *expectations;
  document.interrupted = json::bool_or(*from, "interrupted");
  document.finished = json::bool_or(*from, "finished", true);
  document.started_at = json::text_or(*from, "started_at");
  document.ended_at = json::text_or(*from, "ended_at");
  if (const auto* backends = json::array_at(*from, "backends")) {
    for (const json::value& element : *backends) {
      if (const json::object* backend = element.if_object())
        document.backends.push_back(backend_from_json(*backend));
    }
  }
  if (const auto* cases = json::array_at(*from, "cases")) {
    for (const json::value& element : *cases) {
      if (const json::object* record = element.if_object()) document.cases.push_back(case_from_json(*record));
    }
  }
  if (const auto* runs = json::array_at(*from, "runs")) {
    for (const json::value& element : *runs) {
      auto run = run_record_from_json(element);
      if (!run) return pass(run);
      document.runs.push_back(std::move(*run));
    }
  }
  if (const auto* probes = json::array_at(*from, "probes")) {
    for (const json::value& element : *probes) {
      auto probe = probe_record_from_json(element);
      if (!probe) return pass(probe);
      document.probes.push_back(std::move(*probe));
    }
  }
  return document;
}

}  // namespace coldload
