#include "core/analyse/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace coldload {
namespace {

struct Compared {
  std::string_view words;
  const json::value* (*find)(const ResultDocument&);
};

const json::value* inner(const json::object& from, std::string_view section, std::string_view key) {
  const json::object* object = json::object_at(from, section);
  return object == nullptr ? nullptr : object->if_contains(key);
}

constexpr std::array<Compared, 4> kMachine = {{
    {"kernel", [](const ResultDocument& one) { return one.environment.if_contains("kernel"); }},
    {"processor", [](const ResultDocument& one) { return inner(one.environment, "cpu", "model"); }},
    {"memory", [](const ResultDocument& one) { return inner(one.environment, "memory", "total_bytes"); }},
    {"model's size", [](const ResultDocument& one) { return one.scenario.if_contains("model_bytes"); }},
}};

Result<void> check_same_machine(const NamedDocument& first, const NamedDocument& other) {
  for (const Compared& compared : kMachine) {
    const json::value* one = compared.find(first.document);
    const json::value* two = compared.find(other.document);
    const bool same = one == nullptr || two == nullptr ? one == two : *one == *two;
    if (same) continue;
    return fail(
        Status::invalid_option,
        fmt::format("{} and {} differ in their {}: a note is of one machine and one model; report each by "
                    "itself, or compare them with coldload compare",
                    first.run_id, other.run_id, compared.words));
  }
  return {};
}

Result<void> check_no_name_twice(const ResultDocument& merged, const NamedDocument& other) {
  for (const CaseRecord& record : other.document.cases) {
    if (merged.find_case(record.id) == nullptr) continue;
    return fail(Status::invalid_option,
                fmt::format("{}: case {} is in an earlier run too: compare them with coldload compare",
                            other.run_id, record.id));
  }
  return {};
}

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  std::ranges::copy(from, std::back_inserter(to));
}

void append_array(json::object& to, const json::object& from, std::string_view key) {
  const json::array* more = json::array_at(from, key);
  if (more == nullptr) return;
  json::value& array = to[key];
  if (!array.is_array()) array = json::array();
  for (const json::value& element : *more) {
    json::array& known = array.get_array();
    if (std::ranges::find(known, element) == known.end()) known.push_back(element);
  }
}

void add(ResultDocument& merged, const ResultDocument& other) {
  append(merged.cases, other.cases);
  append(merged.runs, other.runs);
  append(merged.probes, other.probes);
  for (const BackendRecord& backend : other.backends) {
    if (merged.backend(backend.name) == nullptr) merged.backends.push_back(backend);
  }
  append_array(merged.environment, other.environment, "mounts");
  for (const json::value& plugin : other.plugins) {
    if (std::ranges::find(merged.plugins, plugin) == merged.plugins.end()) merged.plugins.push_back(plugin);
  }
  for (const json::value& expectation : other.expectations) merged.expectations.push_back(expectation);
  merged.interrupted = merged.interrupted || other.interrupted;
  merged.finished = merged.finished && other.finished;
  merged.ended_at = std::max(merged.ended_at, other.ended_at);
}

}  // namespace

Result<ResultDocument> merge(const std::vector<NamedDocument>& documents) {
  ResultDocument merged = documents.front().document;
  for (size_t i = 1; i < documents.size(); ++i) {
    auto checked = check_same_machine(documents.front(), documents[i]);
    if (checked) checked = check_no_name_twice(merged, documents[i]);
    if (!checked) return pass(checked);
    add(merged, documents[i].document);
  }
  return merged;
}

}  // namespace coldload
