#include "core/record/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace coldload {
namespace {

constexpr std::pair<RunStatus, std::string_view> kStatusNames[] = {
    {RunStatus::ok, "ok"},           {RunStatus::skipped, "skipped"},     {RunStatus::failed, "failed"},
    {RunStatus::crashed, "crashed"}, {RunStatus::timed_out, "timed_out"}, {RunStatus::cancelled, "cancelled"},
};
constexpr std::pair<ProofKind, std::string_view> kProofNames[] = {
    {ProofKind::residency_and_bytes, "residency+bytes"},
    {ProofKind::bytes, "bytes"},
    {ProofKind::no_local_cache, "no_local_cache"},
    {ProofKind::warm, "warm"},
    {ProofKind::as_is, "as-is"},
    {ProofKind::unprovable, "unprovable"},
};

template <typename Enum, size_t N>
std::string_view name_in(const std::pair<Enum, std::string_view> (&names)[N], Enum wanted) {
  for (const auto& [value, name] : names) {
    if (value == wanted) return name;
  }
  return "unknown";
}

template <typename Enum, size_t N>
std::optional<Enum> value_in(const std::pair<Enum, std::string_view> (&names)[N], std::string_view wanted) {
  for (const auto& [value, name] : names) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

// Left out when not taken: a metric that was not measured is absent, never null or zero.
template <typename T>
void set_if(json::object& out, std::string_view key, const std::optional<T>& value) {
  if (value) out[key] = *value;
}

std::optional<double> number_if(const json::object& from, std::string_view key) {
  if (!from.contains(key) || !from.at(key).is_number()) return std::nullopt;
  return json::number_or(from, key);
}

std::optional<uint64_t> unsigned_if(const json::object& from, std::string_view key) {
  if (!from.contains(key) || !from.at(key).is_number()) return std::nullopt;
  return json::unsigned_or(from, key);
}

json::object proof_to_json(const Proof& proof) {
  json::object out{{"kind", to_string(proof.kind)}, {"valid", proof.valid}};
  set_if(out, "resident_before", proof.resident_before);
  set_if(out, "resident_after", proof.resident_after);
  set_if(out, "device_ratio", proof.device_ratio);
  out["method"] = proof.method;
  if (!proof.reason.empty()) out["reason"] = proof.reason;
  if (!proof.caveat.empty()) out["caveat"] = proof.caveat;
  return out;
}

Proof proof_from_json(const json::object& from) {
  Proof proof;
  proof.kind = proof_kind_from(json::text_or(from, "kind")).value_or(ProofKind::unprovable);
  proof.valid = json::bool_or(from, "valid");
  proof.resident_before = number_if(from, "resident_before");
  proof.resident_after = number_if(from, "resident_after");
  proof.device_ratio = number_if(from, "device_ratio");
  proof.method = json::text_or(from, "method");
  proof.reason = json::text_or(from, "reason");
  proof.caveat = json::text_or(from, "caveat");
  return proof;
}

json::object file_to_json(const FileIdentity& file) {
  return {{"device", file.device},
          {"inode", file.inode},
          {"modified_ns", file.modified_ns},
          {"changed_ns", file.changed_ns}};
}

std::optional<FileIdentity> file_from_json(const json::object* from) {
  if (from == nullptr) return std::nullopt;
  return FileIdentity{std::string(json::text_or(*from, "device")), json::unsigned_or(*from, "inode"),
                      json::integer_or(*from, "modified_ns"), json::integer_or(*from, "changed_ns")};
}

json::array objects_to_json(const std::vector<ObjectRecord>& objects) {
  json::array out;
  for (const ObjectRecord& object : objects) {
    json::object entry{{"name", object.name}, {"size_bytes", object.size_bytes}};
    set_if(entry, "first_ns", object.first_ns);
    set_if(entry, "last_ns", object.last_ns);
    if (!object.checksum.empty()) entry["checksum"] = object.checksum;
    if (object.file) entry["file"] = file_to_json(*object.file);
    out.push_back(std::move(entry));
  }
  return out;
}

std::vector<ObjectRecord> objects_from_json(const json::array* from) {
  std::vector<ObjectRecord> objects;
  if (from == nullptr) return objects;
  for (const json::value& element : *from) {
    const json::object* entry = element.if_object();
    if (entry == nullptr) continue;
    objects.push_back({std::string(json::text_or(*entry, "name")), json::unsigned_or(*entry, "size_bytes"),
                       unsigned_if(*entry, "first_ns"), unsigned_if(*entry, "last_ns"),
                       std::string(json::text_or(*entry, "checksum")),
                       file_from_json(json::object_at(*entry, "file"))});
  }
  return objects;
}

json::value evidence_to_json(const EvidenceValue& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean;
  if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
  return json::value(std::get<std::string>(value));
}

EvidenceValue evidence_from_json(const json::value& value) {
  if (value.is_bool()) return value.get_bool();
  if (value.is_int64()) return value.get_int64();
  if (value.is_string()) return std::string(value.get_string());
  return std::string();
}

json::object bytes_to_json(const ByteCounts& bytes) {
  json::object out{{"model", bytes.model}, {"requested", bytes.requested}, {"delivered", bytes.delivered}};
  set_if(out, "device", bytes.device);
  set_if(out, "host_device", bytes.host_device);
  return out;
}

}  // namespace

std::string_view to_string(RunStatus status) {
  return name_in(kStatusNames, status);
}
std::optional<RunStatus> run_status_from(std::string_view text) {
  return value_in(kStatusNames, text);
}
std::string_view to_string(ProofKind kind) {
  return name_in(kProofNames, kind);
}
std::optional<ProofKind> proof_kind_from(std::string_view text) {
  return value_in(kProofNames, text);
}

void Phases::add(std::string_view name, uint64_t duration_ns) {
  for (auto& [known, total] : ns) {
    if (known == name) {
      total += duration_ns;
      return;
    }
  }
  ns.emplace_back(name, duration_ns);
}

uint64_t Phases::get(std::string_view name) const {
  for (const auto& [known, duration] : ns) {
    if (known == name) return duration;
  }
  return 0;
}

const Metric* RunRecord::metric(std::string_view tag) const {
  const auto found = std::ranges::find(metrics, tag, &Metric::tag);
  return found == metrics.end() ? nullptr : &*found;
}

json::value to_json(const RunRecord& record) {
  json::object out;
  out["case"] = record.case_id;
  out["repetition"] = record.repetition;
  out["sequence"] = record.sequence;
  out["started_at"] = record.started_at;
  out["status"] = to_string(record.status);
  out["reason"] = json::utf8(record.reason);
  out["proof"] = proof_to_json(record.proof);
  out["bytes"] = bytes_to_json(record.bytes);
  json::object phases;
  for (const auto& [name, duration] : record.phases.ns) phases[name] = duration;
  out["phases_ns"] = std::move(phases);
  out["load_ns"] = record.load_ns;
  out["cold_load_ns"] = record.cold_load_ns;
  out["first_start_ns"] = record.first_start_ns;
  json::array metrics;
  for (const Metric& metric : record.metrics) {
    metrics.push_back(json::object{{"tag", json::utf8(metric.tag)},
                                   {"unit", json::utf8(metric.unit)},
                                   {"value", json::number(metric.value)}});
  }
  out["metrics"] = std::move(metrics);
  out["checksum"] = record.checksum;
  out["objects"] = objects_to_json(record.objects);
  json::array disturbed;
  for (const std::string& reason : record.disturbed) disturbed.push_back(json::value(json::utf8(reason)));
  out["disturbed"] = std::move(disturbed);
  json::object evidence;
  for (const auto& [key, value] : record.evidence) evidence[json::utf8(key)] = evidence_to_json(value);
  out["evidence"] = std::move(evidence);
  if (!record.output.empty()) out["output"] = json::utf8(record.output);
  return out;
}

Result<RunRecord> run_record_from_json(const json::value& document) {
  const json::object* from = document.if_object();
  const auto status = from == nullptr ? std::nullopt : run_status_from(json::text_or(*from, "status"));
  if (!status) return fail(Status::integrity, "a run record without a known status");
  RunRecord record;
  record.case_id = json::text_or(*from, "case");
  record.repetition = static_cast<uint32_t>(json::unsigned_or(*from, "repetition"));
  record.sequence = json::unsigned_or(*from, "sequence");
  record.started_at = json::text_or(*from, "started_at");
  record.status = *status;
  record.reason = json::text_or(*from, "reason");
  if (const json::object* proof = json::object_at(*from, "proof")) record.proof = proof_from_json(*proof);
  if (const json::object* bytes = json::object_at(*from, "bytes")) {
    record.bytes = {json::unsigned_or(*bytes, "model"), json::unsigned_or(*bytes, "requested"),
                    json::unsigned_or(*bytes, "delivered"), unsigned_if(*bytes, "device"),
                    unsigned_if(*bytes, "host_device")};
  }
  if (const json::object* phases = json::object_at(*from, "phases_ns")) {
    for (const auto& phase : *phases) record.phases.add(phase.key(), json::unsigned_or(*phases, phase.key()));
  }
  record.load_ns = json::unsigned_or(*from, "load_ns");
  record.cold_load_ns = json::unsigned_or(*from, "cold_load_ns");
  record.first_start_ns = json::unsigned_or(*from, "first_start_ns");
  if (const json::array* metrics = json::array_at(*from, "metrics")) {
    for (const json::value& element : *metrics) {
      const json::object* metric = element.if_object();
      if (metric == nullptr) continue;
      record.metrics.push_back({std::string(json::text_or(*metric, "tag")),
                                std::string(json::text_or(*metric, "unit")),
                                json::number_or(*metric, "value")});
    }
  }
  record.checksum = json::text_or(*from, "checksum");
  record.objects = objects_from_json(json::array_at(*from, "objects"));
  if (const json::array* disturbed = json::array_at(*from, "disturbed")) {
    for (const json::value& reason : *disturbed) {
      if (reason.is_string()) record.disturbed.emplace_back(reason.get_string());
    }
  }
  if (const json::object* evidence = json::object_at(*from, "evidence")) {
    for (const auto& entry : *evidence)
      record.evidence.emplace_back(entry.key(), evidence_from_json(entry.value()));
  }
  record.output = json::text_or(*from, "output");
  return record;
}

}  // namespace coldload
