// The tables of a scenario that name no other table: [model], [run], [policy], [service], [[expect]].
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/model/architecture.hpp"
#include "core/scenario/components.hpp"
#include "core/scenario/read.hpp"

namespace coldload {
namespace {

constexpr QuantityRange kDurationRange{"1 ms", "1000 h"};
constexpr QuantityRange kBytesRange{"1 B", "1000 TB"};
constexpr int64_t kRepetitions = static_cast<int64_t>(limits::kRepetitionsMax);

template <typename Out, size_t kCount>
void read_section(const Member& section, std::string_view name, const std::array<Key<Out>, kCount>& keys,
                  Out& out, Mistakes& mistakes) {
  if (const ValueTable* table = table_of(section, mistakes)) read_table(*table, name, keys, out, mistakes);
}

// A model's path becomes part of object keys: one spelling, and nothing that leaves the root.
void read_model_path(const Slot& slot, std::string& out) {
  const std::string* path = read_text(slot);
  if (path == nullptr) return;
  if (path->size() > limits::kKeyBytesMax) {
    return slot.wrong(fmt::format("longer than {} bytes", limits::kKeyBytesMax));
  }
  if (path->starts_with('/')) {
    return slot.wrong(
        fmt::format("\"{}\" starts with '/'; the path is relative to each backend's root", *path));
  }
  for (size_t at = 0; !path->empty() && at <= path->size();) {
    const size_t end = std::min(path->find('/', at), path->size());
    const std::string_view part = std::string_view(*path).substr(at, end - at);
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string_view::npos) {
      return slot.wrong(fmt::format("\"{}\" has a part \"{}\"; expected names separated by single slashes",
                                    json::utf8(*path), json::utf8(part)));
    }
    at = end + 1;
  }
  out = *path;
}

struct ModelReading {
  ModelSpec spec;
  const Member* path = nullptr;
  const std::vector<ComponentSpec>* backends = nullptr;
};

void read_path_per_backend(const Slot& slot, const ValueTable& table, ModelReading& out) {
  const std::vector<std::string> known = names_of(*out.backends);
  for (const Member& member : table) {
    if (std::ranges::find(known, member.key) == known.end()) {
      const std::string near = slot.mistakes.full() ? "" : suggestion(member.key, known);
      slot.mistakes.add(member.where, fmt::format("[model.path]: no backend \"{}\"{}", member.key, near));
      continue;
    }
    std::string path;
    read_model_path({member, "[model.path]", slot.mistakes}, path);
    out.spec.backend_paths.push_back({member.key, std::move(path), member.where});
  }
}

constexpr std::array<Key<GenerateSpec>, 3> kGenerateKeys = {{
    {"like",
     [](const Slot& slot, GenerateSpec& out) {
       const std::string* like = read_text(slot);
       if (like == nullptr) return;
       if (const auto known = find_architecture(*like); !known) return slot.wrong(known.error().message);
       out.like = *like;
     }},
    {"scale", [](const Slot& slot,
                 GenerateSpec& out) { out.scale = read_real(slot, {0.001, 1}).value_or(out.scale); }},
    {"seed",
     [](const Slot& slot, GenerateSpec& out) {
       if (const auto seed = read_integer(slot, {0, INT64_MAX})) out.seed = static_cast<uint64_t>(*seed);
     }},
}};

constexpr std::array<Key<ModelReading>, 2> kModelKeys = {{
    {"path",
     [](const Slot& slot, ModelReading& out) {
       out.path = &slot.member;
       out.spec.path_where = slot.member.where;
       if (const auto* table = std::get_if<ValueTable>(&slot.member.value.data)) {
         read_path_per_backend(slot, *table, out);
       } else if (std::holds_alternative<std::string>(slot.member.value.data)) {
         read_model_path(slot, out.spec.path);
       } else {
         slot.expected("a string, or a table of one string per backend");
       }
     }},
    {"generate",
     [](const Slot& slot, ModelReading& out) {
       const auto* table = std::get_if<ValueTable>(&slot.member.value.data);
       if (table == nullptr) return slot.expected("a table, such as { like = \"qwen2.5-7b\", scale = 0.25 }");
       GenerateSpec spec;
       spec.where = slot.member.where;
       read_table(*table, "[model]: generate", kGenerateKeys, spec, slot.mistakes);
       if (find_member(*table, "like") == nullptr) slot.wrong("has no \"like\": name a model to be like");
       out.spec.generate = std::move(spec);
     }},
}};

constexpr std::array<Key<RunSettings>, 3> kRepetitionKeys = {{
    {"min",
     [](const Slot& slot, RunSettings& out) {
       const auto count = read_integer(slot, {1, kRepetitions});
       if (count) out.repetitions_min = static_cast<uint32_t>(*count);
     }},
    {"max",
     [](const Slot& slot, RunSettings& out) {
       const auto count = read_integer(slot, {1, kRepetitions});
       if (count) out.repetitions_max = static_cast<uint32_t>(*count);
     }},
    {"until_ci",
     [](const Slot& slot, RunSettings& out) {
       const auto* text = std::get_if<std::string>(&slot.member.value.data);
       if (text == nullptr) return slot.expected("a percentage, such as \"15 %\"");
       const auto width = parse_percent(*text);
       if (!width) return slot.wrong(width.error().message);
       if (*width < 0.001 || *width > 1) return slot.expected("a percentage, 0.1 % to 100 %");
       out.until_ci = *width;
     }},
}};

void read_repetitions(const Slot& slot, RunSettings& out) {
  const auto* table = std::get_if<ValueTable>(&slot.member.value.data);
  if (table == nullptr) {
    if (!std::holds_alternative<int64_t>(slot.member.value.data)) {
      return slot.expected(
          fmt::format("an integer, 1 to {}, or a table such as {{ min = 6, max = 15, until_ci = \"15 %\" }}",
                      kRepetitions));
    }
    const auto count = read_integer(slot, {1, kRepetitions});
    if (count) out.repetitions_min = out.repetitions_max = static_cast<uint32_t>(*count);
    return;
  }
  read_table(*table, "[run]: repetitions", kRepetitionKeys, out, slot.mistakes);
  const bool until = find_member(*table, "until_ci") != nullptr;
  const bool has_max = find_member(*table, "max") != nullptr;
  if (until && !has_max) return slot.wrong("until_ci needs a max, at which a case that stays wide ends");
  if (!has_max) out.repetitions_max = out.repetitions_min;
  if (out.repetitions_max < out.repetitions_min) {
    return slot.wrong(fmt::format("max {} is less than min {}", out.repetitions_max, out.repetitions_min));
  }
  if (!until && out.repetitions_max > out.repetitions_min) {
    slot.wrong("a max above min needs until_ci: when is a case done before?");
  }
}

void read_verify(const Slot& slot, Verify& out) {
  const auto* text = std::get_if<std::string>(&slot.member.value.data);
  if (text != nullptr && *text == "case") {
    out = Verify::each_case;
  } else if (text != nullptr && *text == "backend") {
    out = Verify::each_backend;
  } else if (text != nullptr && *text == "off") {
    out = Verify::off;
  } else {
    slot.expected("\"case\", \"backend\" or \"off\"");
  }
}

constexpr std::array<Key<RunSettings>, 11> kRunKeys = {{
    {"repetitions", read_repetitions},
    {"copies",
     [](const Slot& slot, RunSettings& out) {
       if (const auto count = read_integer(slot, {1, 1000})) out.copies = static_cast<uint32_t>(*count);
     }},
    {"budget",
     [](const Slot& slot, RunSettings& out) {
       if (const auto ns = read_quantity(slot, Quantity::duration, {"1 s", "1000 h"})) out.budget_ns = ns;
     }},
    {"sample",
     [](const Slot& slot, RunSettings& out) {
       if (const auto bytes = read_quantity(slot, Quantity::bytes, kBytesRange)) out.sample_bytes = bytes;
     }},
    {"verify", [](const Slot& slot, RunSettings& out) { read_verify(slot, out.verify); }},
    {"timeout",
     [](const Slot& slot, RunSettings& out) {
       if (const auto ns = read_quantity(slot, Quantity::duration, {"1 s", "1000 h"})) out.timeout_ns = ns;
     }},
    {"max_bandwidth",
     [](const Slot& slot, RunSettings& out) {
       const auto rate = read_quantity(slot, Quantity::rate, {"1 kB/s", "1000 GB/s"});
       if (rate) out.max_bandwidth = rate;
     }},
    {"pool",
     [](const Slot& slot, RunSettings& out) {
       out.pool_bytes = read_quantity(slot, Quantity::bytes, {"64 KiB", "1 TiB"}).value_or(out.pool_bytes);
     }},
    {"probe", [](const Slot& slot, RunSettings& out) { read_bool(slot, out.probe); }},
    {"quiet", [](const Slot& slot, RunSettings& out) { read_bool(slot, out.require_quiet); }},
    {"seed",
     [](const Slot& slot, RunSettings& out) {
       if (const auto seed = read_integer(slot, {0, INT64_MAX})) out.seed = static_cast<uint64_t>(*seed);
     }},
}};

template <std::optional<uint64_t> Policy::* kField>
void read_policy_duration(const Slot& slot, Policy& out) {
  if (const auto ns = read_quantity(slot, Quantity::duration, kDurationRange)) out.*kField = ns;
}

constexpr std::array<Key<Policy>, 5> kPolicyKeys = {{
    {"user_facing", read_policy_duration<&Policy::user_facing_ns>},
    {"internal", read_policy_duration<&Policy::internal_ns>},
    {"dev_test", read_policy_duration<&Policy::dev_test_ns>},
    {"engine_start", read_policy_duration<&Policy::engine_start_ns>},
    {"restarts_per_day",
     [](const Slot& slot, Policy& out) {
       if (const auto count = read_real(slot, {0, 86400})) out.restarts_per_day = count;
     }},
}};

constexpr std::array<Key<Service>, 4> kServiceKeys = {{
    {"argv",
     [](const Slot& slot, Service& out) {
       if (!std::holds_alternative<ValueList>(slot.member.value.data)) {
         return slot.expected("an array of strings, one per argument: no shell splits a line");
       }
       out.argv.clear();
       for (LocatedText& argument : read_texts(slot)) out.argv.push_back(std::move(argument.text));
     }},
    {"port",
     [](const Slot& slot, Service& out) {
       if (const auto port = read_integer(slot, {1, 65535})) out.port = static_cast<uint32_t>(*port);
     }},
    {"health",
     [](const Slot& slot, Service& out) {
       const std::string* health = read_text(slot);
       if (health == nullptr) return;
       if (!health->starts_with('/')) return slot.expected("a path on the service, such as \"/health\"");
       out.health = *health;
     }},
    {"ready_timeout",
     [](const Slot& slot, Service& out) {
       if (const auto ns = read_quantity(slot, Quantity::duration, kDurationRange)) out.ready_timeout_ns = ns;
     }},
}};

struct ExpectationReading {
  std::string case_glob;
  Location case_where;
  std::vector<Expectation> thresholds;
};

// "< 5 s", "> 1 GB/s"
void read_threshold(const Slot& slot, Quantity kind, ExpectationReading& out) {
  const std::string example = kind == Quantity::duration ? "\"< 5 s\"" : "\"> 1 GB/s\"";
  const auto* text = std::get_if<std::string>(&slot.member.value.data);
  if (text == nullptr || (!text->starts_with('<') && !text->starts_with('>'))) {
    return slot.expected(fmt::format("'<' or '>' and a {}, such as {}",
                                     kind == Quantity::duration ? "duration" : "rate", example));
  }
  const auto quantity =
      kind == Quantity::duration ? parse_duration(text->substr(1)) : parse_rate(text->substr(1));
  if (!quantity) return slot.wrong(quantity.error().message);
  Expectation expectation;
  expectation.metric = slot.member.key;
  expectation.less = text->starts_with('<');
  expectation.threshold = static_cast<double>(*quantity);
  expectation.written = *text;
  expectation.where = slot.member.where;
  out.thresholds.push_back(std::move(expectation));
}

constexpr std::array<Key<ExpectationReading>, 3> kExpectKeys = {{
    {"case",
     [](const Slot& slot, ExpectationReading& out) {
       const std::string* glob = read_text(slot);
       if (glob != nullptr && glob->empty()) return slot.expected("a glob over case ids");
       if (glob != nullptr) out.case_glob = *glob;
       out.case_where = slot.member.where;
     }},
    {"median",
     [](const Slot& slot, ExpectationReading& out) { read_threshold(slot, Quantity::duration, out); }},
    {"throughput",
     [](const Slot& slot, ExpectationReading& out) { read_threshold(slot, Quantity::rate, out); }},
}};

}  // namespace

ModelSpec read_model(const Member* section, const std::vector<ComponentSpec>& backends, Mistakes& mistakes) {
  ModelReading reading;
  reading.backends = &backends;
  if (section == nullptr) return {};
  reading.spec.where = section->where;
  read_section(*section, "[model]", kModelKeys, reading, mistakes);
  if (reading.path == nullptr) {
    mistakes.add(section->where,
                 "[model]: has no path: where is the model, below each backend's root (\"\" is the root)?");
  }
  return reading.spec;
}

RunSettings read_run(const Member& section, Mistakes& mistakes) {
  RunSettings settings;
  read_section(section, "[run]", kRunKeys, settings, mistakes);
  return settings;
}

Policy read_policy(const Member& section, Mistakes& mistakes) {
  Policy policy;
  read_section(section, "[policy]", kPolicyKeys, policy, mistakes);
  return policy;
}

Service read_service(const Member& section, Mistakes& mistakes) {
  Service service;
  read_section(section, "[service]", kServiceKeys, service, mistakes);
  const auto* table = std::get_if<ValueTable>(&section.value.data);
  if (table != nullptr && find_member(*table, "argv") == nullptr) {
    mistakes.add(section.where, "[service]: has no argv: which program serves the model?");
  }
  return service;
}

std::vector<Expectation> read_expectations(const Member& section, Mistakes& mistakes) {
  std::vector<Expectation> expectations;
  for (const Value* entry : array_of_tables(section, mistakes)) {
    const auto& table = std::get<ValueTable>(entry->data);
    ExpectationReading reading;
    read_table(table, "[[expect]]", kExpectKeys, reading, mistakes);
    if (find_member(table, "case") == nullptr) {
      mistakes.add(entry->where, "[[expect]]: has no case: name one, or many by a glob");
    }
    if (find_member(table, "median") == nullptr && find_member(table, "throughput") == nullptr) {
      mistakes.add(entry->where,
                   "[[expect]]: expects nothing: add median = \"< 5 s\" or throughput = \"> 1 GB/s\"");
    }
    for (Expectation& expectation : reading.thresholds) {
      expectation.case_glob = reading.case_glob;
      expectation.case_where = reading.case_where;
      expectations.push_back(std::move(expectation));
    }
  }
  return expectations;
}

}  // namespace coldload
