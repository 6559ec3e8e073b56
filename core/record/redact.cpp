#include "core/record/redact.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace coldload {
namespace {

// What may be replaced wherever it stands: nothing as short as "/" or "ext4" by chance.
constexpr size_t kShortest = 3;

bool names_a_place(std::string_view text) {
  return text.size() >= kShortest && (text.contains('/') || text.contains('@') || text.contains(':'));
}

class Redactor {
 public:
  ResultDocument redact(ResultDocument document) {
    collect(document);
    // The longest first, so that a path below another is not left with its end.
    std::ranges::sort(places_, [](const std::string& one, const std::string& two) {
      return one.size() != two.size() ? one.size() > two.size() : one < two;
    });
    drop(document);
    auto replaced = document_from_json(replace(to_json(document)));
    return replaced ? std::move(*replaced) : ResultDocument{};
  }

 private:
  void note(std::string_view text) {
    if (!names_a_place(text)) return;
    if (std::ranges::find(places_, text) == places_.end()) places_.emplace_back(text);
  }

  void collect(const ResultDocument& document) {
    for (const BackendRecord& backend : document.backends) note(backend.location);
    for (const std::string_view list : {"mounts", "storage"}) {
      const json::array* mounts = json::array_at(document.environment, list);
      if (mounts == nullptr) continue;
      for (const json::value& mount : *mounts) {
        if (!mount.is_object()) continue;
        note(json::text_or(mount.get_object(), "path"));
        note(json::text_or(mount.get_object(), "source"));
      }
    }
    for (const CaseRecord& record : document.cases) collect_options(record.options);
  }

  // Options of every component: {"backend": {"root": {"value": "/mnt/…"}}}.
  void collect_options(const json::object& options) {
    for (const auto& component : options) {
      if (!component.value().is_object()) continue;
      for (const auto& option : component.value().get_object()) {
        if (!option.value().is_object()) continue;
        const json::object& entry = option.value().get_object();
        // Rates and the like hold a '/' too, as what was written; their value is a number.
        if (const json::value* value = entry.if_contains("value"); value != nullptr && value->is_string()) {
          note(std::string_view(value->get_string()));
          note(json::text_or(entry, "written"));
        }
      }
    }
  }

  static void drop(ResultDocument& document) {
    document.scenario.erase("text");
    document.scenario.erase("file");
    document.environment.erase("proxies");
    for (RunRecord& run : document.runs) run.output.clear();
    for (json::value& plugin : document.plugins) {
      if (!plugin.is_object() || !plugin.get_object().contains("file")) continue;
      const std::filesystem::path file = std::string(json::text_or(plugin.get_object(), "file"));
      plugin.get_object()["file"] = file.filename().string();
    }
    if (json::value* service = document.scenario.if_contains("service");
        service != nullptr && service->is_object()) {
      json::array argv;
      if (const json::array* all = json::array_at(service->get_object(), "argv");
          all != nullptr && !all->empty()) {
        const std::string program = all->front().is_string() ? std::string(all->front().get_string()) : "";
        argv.emplace_back(std::filesystem::path(program).filename().string());
      }
      service->get_object()["argv"] = std::move(argv);
    }
  }

  json::value replace(const json::value& from) const {
    if (from.is_string()) return json::value(replaced_in(std::string(from.get_string())));
    if (const json::array* array = from.if_array()) {
      json::array out;
      for (const json::value& element : *array) out.push_back(replace(element));
      return out;
    }
    if (const json::object* object = from.if_object()) {
      json::object out;
      for (const auto& member : *object) out[member.key()] = replace(member.value());
      return out;
    }
    return from;
  }

  [[nodiscard]] std::string replaced_in(std::string text) const {
    for (size_t i = 0; i < places_.size(); ++i) {
      const std::string name = fmt::format("place-{}", i + 1);
      for (size_t at = 0; (at = text.find(places_[i], at)) != std::string::npos; at += name.size()) {
        text.replace(at, places_[i].size(), name);
      }
    }
    return text;
  }

  std::vector<std::string> places_;
};

}  // namespace

ResultDocument redacted(const ResultDocument& document) {
  return Redactor().redact(document);
}

}  // namespace coldload
