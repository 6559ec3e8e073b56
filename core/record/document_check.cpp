#include "core/record/document_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdint>
#include <set>
#include <span>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/text.hpp"

namespace coldload {
namespace {

enum class Kind : uint8_t { text, boolean, count, figure, object, array, any };

struct Field {
  std::string_view name;
  Kind kind = Kind::text;
  std::span<const std::string_view> words = {};  // of text: what it may be; empty: anything
};

constexpr std::string_view kCaches[] = {"cold", "warm", "as-is", "first-start"};
constexpr std::string_view kCaseStatuses[] = {"ok", "skipped", "failed", "not_measured"};
constexpr std::string_view kRunStatuses[] = {"ok", "skipped", "failed", "crashed", "timed_out", "cancelled"};
constexpr std::string_view kProofs[] = {"residency+bytes", "bytes",     "no_local_cache", "warm",
                                        "as-is",           "unprovable"};

constexpr Field kDocumentFields[] = {{"program", Kind::object},
                                     {"started_at"},
                                     {"ended_at"},
                                     {"interrupted", Kind::boolean},
                                     {"scenario", Kind::object},
                                     {"environment", Kind::object},
                                     {"plugins", Kind::array},
                                     {"cases", Kind::array},
                                     {"runs", Kind::array},
                                     {"probes", Kind::array},
                                     {"expectations", Kind::array}};
constexpr Field kProgramFields[] = {{"name"}, {"version"}};
constexpr Field kScenarioFields[] = {{"name"}};
constexpr Field kPluginFields[] = {{"id"}, {"version"}, {"file"}};
constexpr Field kCaseFields[] = {{"id"},
                                 {"backend"},
                                 {"strategy"},
                                 {"destination"},
                                 {"cache", Kind::text, kCaches},
                                 {"options", Kind::object},
                                 {"emulated", Kind::boolean},
                                 {"synthetic", Kind::boolean},
                                 {"external", Kind::boolean},
                                 {"sampled", Kind::boolean},
                                 {"direct", Kind::boolean},
                                 {"thread_count", Kind::count},
                                 {"baseline"},
                                 {"model_bytes", Kind::count},
                                 {"status", Kind::text, kCaseStatuses},
                                 {"reason"}};
constexpr Field kOptionFields[] = {{"value", Kind::any}, {"source"}};
constexpr Field kRunFields[] = {{"case"},
                                {"repetition", Kind::count},
                                {"sequence", Kind::count},
                                {"started_at"},
                                {"status", Kind::text, kRunStatuses},
                                {"reason"},
                                {"proof", Kind::object},
                                {"bytes", Kind::object},
                                {"phases_ns", Kind::object},
                                {"load_ns", Kind::count},
                                {"cold_load_ns", Kind::count},
                                {"first_start_ns", Kind::count},
                                {"metrics", Kind::array},
                                {"checksum"},
                                {"objects", Kind::array},
                                {"disturbed", Kind::array},
                                {"evidence", Kind::object}};
constexpr Field kProofFields[] = {{"kind", Kind::text, kProofs}, {"valid", Kind::boolean}, {"method"}};
constexpr Field kBytesFields[] = {
    {"model", Kind::count}, {"requested", Kind::count}, {"delivered", Kind::count}};
constexpr Field kMetricFields[] = {{"tag"}, {"unit"}, {"value", Kind::figure}};
constexpr Field kObjectFields[] = {{"name"}, {"size_bytes", Kind::count}};
constexpr Field kProbeFields[] = {
    {"tag"}, {"subject"}, {"moment"}, {"bytes_per_second", Kind::figure}, {"detail", Kind::object}};
constexpr Field kExpectationFields[] = {{"case"}, {"metric"}, {"expected"}, {"kept", Kind::boolean}};

bool is_of(Kind kind, const json::value& value) {
  switch (kind) {
    case Kind::text:
      return value.is_string();
    case Kind::boolean:
      return value.is_bool();
    case Kind::count:
      return value.is_uint64() || (value.is_int64() && value.get_int64() >= 0);
    case Kind::figure:
      return value.is_number() || value.is_null();
    case Kind::object:
      return value.is_object();
    case Kind::array:
      return value.is_array();
    case Kind::any:
      return true;
  }
  return false;
}

std::string_view in_words(Kind kind) {
  constexpr std::string_view kWords[] = {
      "text", "true or false", "a whole number, 0 or more", "a number", "an object", "an array", "any value"};
  return kWords[static_cast<size_t>(kind)];
}

class Checker {
 public:
  std::vector<std::string> run(const json::value& document) {
    const json::object* from = document.if_object();
    if (from == nullptr) return {"not a result document: expected a JSON object"};
    check("", *from, kDocumentFields);
    check_member(*from, "program", kProgramFields);
    check_member(*from, "scenario", kScenarioFields);
    for_each(*from, "plugins", [&](const std::string& path, const json::object& plugin) {
      check(path, plugin, kPluginFields);
    });
    for_each(*from, "cases",
             [&](const std::string& path, const json::object& record) { check_case(path, record); });
    for_each(*from, "runs", [&](const std::string& path, const json::object& run) { check_run(path, run); });
    for_each(*from, "probes",
             [&](const std::string& path, const json::object& probe) { check(path, probe, kProbeFields); });
    for_each(*from, "expectations", [&](const std::string& path, const json::object& expectation) {
      check(path, expectation, kExpectationFields);
    });
    check_baselines(*from);
    check_finite("", document);
    return std::move(mistakes_);
  }

 private:
  void add(std::string_view path, std::string_view what) {
    if (mistakes_.size() < limits::kDiagnosticsMax) mistakes_.push_back(fmt::format("{}: {}", path, what));
  }

  static std::string joined(const std::string& path, std::string_view name) {
    return path.empty() ? printable(name) : fmt::format("{}.{}", path, printable(name));
  }

  void check(const std::string& path, const json::object& from, std::span<const Field> fields) {
    for (const Field& field : fields) {
      const json::value* value = from.if_contains(field.name);
      if (value == nullptr) {
        add(joined(path, field.name), "missing");
      } else if (!is_of(field.kind, *value)) {
        add(joined(path, field.name), fmt::format("expected {}", in_words(field.kind)));
      } else if (!field.words.empty() &&
                 std::ranges::find(field.words, std::string_view(value->get_string())) == field.words.end()) {
        add(joined(path, field.name),
            fmt::format("{} is not one of {}", in_quotes(value->get_string()), fmt::join(field.words, ", ")));
      }
    }
  }

  void check_member(const json::object& from, std::string_view name, std::span<const Field> fields,
                    const std::string& path = "") {
    if (const json::object* member = json::object_at(from, name)) check(joined(path, name), *member, fields);
  }

  template <typename Check>
  void for_each(const json::object& from, std::string_view name, Check&& check_one,
                const std::string& path = "") {
    const json::array* elements = json::array_at(from, name);
    if (elements == nullptr) return;
    for (size_t i = 0; i < elements->size(); ++i) {
      const std::string at = fmt::format("{}[{}]", joined(path, name), i);
      if (const json::object* element = (*elements)[i].if_object()) {
        check_one(at, *element);
      } else {
        add(at, "expected an object");
      }
    }
  }

  void check_case(const std::string& path, const json::object& record) {
    check(path, record, kCaseFields);
    const std::string id(json::text_or(record, "id"));
    if (!case_ids_.insert(id).second) add(path, fmt::format("a second case {}", in_quotes(id)));
    const std::string_view status = json::text_or(record, "status");
    if ((status == "skipped" || status == "failed") && json::text_or(record, "reason").empty()) {
      add(path, fmt::format("is {} and says no reason", status));
    }
    const json::object* options = json::object_at(record, "options");
    if (options == nullptr) return;
    for (const auto& component : *options) {
      const json::object* table = component.value().if_object();
      if (table == nullptr) {
        add(joined(path + ".options", component.key()), "expected an object");
        continue;
      }
      for (const auto& option : *table) {
        check_member(*table, option.key(), kOptionFields, joined(path + ".options", component.key()));
      }
    }
  }

  void check_run(const std::string& path, const json::object& run) {
    check(path, run, kRunFields);
    check_member(run, "proof", kProofFields, path);
    check_member(run, "bytes", kBytesFields, path);
    for_each(
        run, "metrics",
        [&](const std::string& at, const json::object& metric) { check(at, metric, kMetricFields); }, path);
    for_each(
        run, "objects",
        [&](const std::string& at, const json::object& object) { check(at, object, kObjectFields); }, path);
    const std::string id(json::text_or(run, "case"));
    if (!case_ids_.contains(id)) add(path, fmt::format("is of case {}, which is not there", in_quotes(id)));
    const uint64_t repetition = json::unsigned_or(run, "repetition");
    if (!repetitions_.insert({id, repetition}).second) {
      add(path, fmt::format("a second repetition {} of case {}", repetition, in_quotes(id)));
    }
    const std::string_view status = json::text_or(run, "status");
    if (status != "ok" && json::text_or(run, "reason").empty()) {
      add(path, fmt::format("is {} and says no reason", status));
    }
    const json::object* proof = json::object_at(run, "proof");
    if (proof != nullptr && json::text_or(*proof, "kind") == "unprovable" && json::bool_or(*proof, "valid")) {
      add(path + ".proof", "is unprovable and yet valid");
    }
  }

  // After all ids are known.
  void check_baselines(const json::object& from) {
    for_each(from, "cases", [&](const std::string& path, const json::object& record) {
      const std::string baseline(json::text_or(record, "baseline"));
      if (!baseline.empty() && !case_ids_.contains(baseline)) {
        add(path, fmt::format("its baseline {} is not there", in_quotes(baseline)));
      }
    });
  }

  void check_finite(const std::string& path, const json::value& value) {
    if (const auto* number = value.if_double(); number != nullptr && !std::isfinite(*number)) {
      add(path, "is no finite number");
    } else if (const auto* members = value.if_object()) {
      for (const auto& member : *members) check_finite(joined(path, member.key()), member.value());
    } else if (const auto* elements = value.if_array()) {
      for (size_t i = 0; i < elements->size(); ++i) {
        check_finite(fmt::format("{}[{}]", path, i), (*elements)[i]);
      }
    }
  }

  std::vector<std::string> mistakes_;
  std::set<std::string> case_ids_;
  std::set<std::pair<std::string, uint64_t>> repetitions_;
};

}  // namespace

std::vector<std::string> document_mistakes(const json::value& document) {
  return Checker().run(document);
}

}  // namespace coldload
