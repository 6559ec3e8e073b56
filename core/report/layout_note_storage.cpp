#include "core/report/layout_note_storage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/analyse/words.hpp"
#include "core/base/units.hpp"
#include "core/report/markdown.hpp"

namespace coldload {
namespace {

std::string size_cell(const json::object& mount, std::string_view key) {
  const uint64_t bytes = json::unsigned_or(mount, key);
  return bytes == 0 ? "not known" : format_bytes_decimal(bytes);
}

std::string device_cell(const json::object& mount) {
  std::string text(json::text_or(mount, "device"));
  const std::string_view model = json::text_or(mount, "device_model");
  if (!model.empty()) text += fmt::format("{}{}", text.empty() ? "" : ", ", model);
  if (mount.contains("rotational"))
    text += json::bool_or(mount, "rotational") ? ", rotating" : ", solid state";
  if (text.empty()) text = json::text_or(mount, "source");
  return text;
}

void add_mounts(const ResultDocument& document, MarkdownTable& table) {
  const json::array* mounts = json::array_at(document.environment, "storage");
  // Older documents list only the mounts their backends lie on.
  if (mounts == nullptr) mounts = json::array_at(document.environment, "mounts");
  if (mounts == nullptr) return;
  for (const json::value& element : *mounts) {
    const json::object* mount = element.if_object();
    if (mount == nullptr) continue;
    const StorageKind kind = storage_kind_from(json::text_or(*mount, "storage"));
    table.add({markdown_code(json::text_or(*mount, "path")), std::string(in_words(kind)),
               markdown_text(json::text_or(*mount, "type")), markdown_text(device_cell(*mount)),
               size_cell(*mount, "size_bytes"), size_cell(*mount, "free_bytes"),
               markdown_text(json::text_or(*mount, "options"))});
  }
}

// What no mount shows: servers that a plugin talks to by itself.
void add_remote(const ResultDocument& document, MarkdownTable& table) {
  for (const BackendRecord& backend : document.backends) {
    const bool remote =
        backend.storage == StorageKind::object_store || backend.storage == StorageKind::network;
    if (!remote) continue;
    const std::string name = backend.location.empty() ? backend.name : backend.location;
    table.add({markdown_code(name),
               fmt::format("{}{}", in_words(backend.storage), backend.emulated ? ", emulated" : ""),
               markdown_text(backend.plugin), fmt::format("backend {}", markdown_text(backend.name)),
               "not known", "not known", ""});
  }
}

std::string number_of(const CaseNumbers& numbers, const CaseAnalysis* analysis) {
  return analysis == nullptr ? "" : numbers.in_brackets({analysis->record->id});
}

std::string cell(const CaseNumbers& numbers, const CaseAnalysis* analysis) {
  if (analysis == nullptr) return "not measured";
  return fmt::format("{} {}", seconds_in_words(analysis->cold_load.median), number_of(numbers, analysis));
}

void add_times(const CaseNumbers& numbers, std::string_view name, const StorageTimes& times,
               MarkdownTable& table) {
  std::string label(name);
  if (times.measured() && times.emulated) label += ", emulated";
  std::string copy = times.first_start == nullptr
                         ? "none"
                         : fmt::format("{} {}", seconds_in_words(times.copy_s.value_or(0)),
                                       number_of(numbers, times.first_start));
  std::string after = times.first_start == nullptr
                          ? "none"
                          : fmt::format("{} {}", seconds_in_words(times.load_after_copy_s.value_or(0)),
                                        number_of(numbers, times.first_start));
  table.add({std::move(label), cell(numbers, times.cold), std::move(copy), std::move(after),
             times.first_start == nullptr ? "none" : cell(numbers, times.first_start),
             cell(numbers, times.warm)});
}

}  // namespace

std::string storage_of_node(const Report& report) {
  MarkdownTable table({"where", "kind", "file system", "device", "size", "free", "options"});
  table.right(4).right(5);
  add_mounts(*report.document, table);
  add_remote(*report.document, table);
  return table.empty() ? "The document does not list this node's storage.\n" : table.text();
}

std::string storage_times_table(const Report& report, const CaseNumbers& numbers) {
  MarkdownTable table(
      {"storage", "cold load", "copy alone", "load after the copy", "first start: both", "warm load"});
  const Decision& decision = report.decision;
  add_times(numbers, "local disk", decision.disk, table);
  add_times(numbers, "network", decision.network, table);
  add_times(numbers, "staged: network to local disk", decision.staged, table);
  return table.text();
}

}  // namespace coldload
