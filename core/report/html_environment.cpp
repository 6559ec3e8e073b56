#include <fmt/format.h>

#include <array>
#include <map>

#include "core/base/units.hpp"
#include "core/report/html_sections.hpp"
#include "core/report/html_table.hpp"

namespace coldload {
namespace {

void write_fact(Markup& out, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  out.open("div");
  out.element("dt", name);
  out.open("dd");
  out.breakable(value);
  out.close();
  out.close();
}

std::string text_at(const json::object& from, std::string_view key) {
  return std::string(json::text_or(from, key));
}

std::string bytes_at(const json::object& from, std::string_view key) {
  return from.contains(key) ? format_bytes_decimal(json::unsigned_or(from, key)) : std::string();
}

std::string processor(const json::object& environment) {
  const json::object* cpu = json::object_at(environment, "cpu");
  if (cpu == nullptr) return {};
  std::string text = text_at(*cpu, "model");
  if (cpu->contains("online")) text += fmt::format(", {} online", json::unsigned_or(*cpu, "online"));
  if (const std::string governor = text_at(*cpu, "governor"); !governor.empty())
    text += ", governor " + governor;
  return json::bool_or(*cpu, "hypervisor") ? text + ", virtual" : text;
}

std::string memory(const json::object& environment) {
  const json::object* memory = json::object_at(environment, "memory");
  if (memory == nullptr) return {};
  std::string text = bytes_at(*memory, "total_bytes");
  if (memory->contains("headroom_bytes")) {
    text += fmt::format(", of which a run may use {} ({})", bytes_at(*memory, "headroom_bytes"),
                        text_at(*memory, "headroom_by"));
  }
  return text;
}

std::string model(const json::object& scenario) {
  std::string text = text_at(scenario, "model_path");
  if (!scenario.contains("model_bytes")) return text;
  text += fmt::format("{}{}", text.empty() ? "" : ", ", bytes_at(scenario, "model_bytes"));
  const uint64_t loaded = json::unsigned_or(scenario, "loaded_bytes");
  if (loaded != 0 && loaded != json::unsigned_or(scenario, "model_bytes")) {
    text += fmt::format(", of which {} were loaded", format_bytes_decimal(loaded));
  }
  return text;
}

void write_facts(Markup& out, const ResultDocument& document) {
  const json::object& environment = document.environment;
  out.open("dl");
  write_fact(out, "program",
             fmt::format("{} {}", json::text_or(document.program, "name", "coldload"),
                         json::text_or(document.program, "version")));
  write_fact(out, "scenario", text_at(document.scenario, "file"));
  write_fact(out, "model", model(document.scenario));
  write_fact(out, "kernel", text_at(environment, "kernel"));
  write_fact(out, "system", text_at(environment, "os"));
  write_fact(out, "processor", processor(environment));
  write_fact(out, "memory", memory(environment));
  write_fact(out, "huge pages", text_at(environment, "transparent_hugepages"));
  write_fact(out, "TCP", text_at(environment, "tcp_congestion_control"));
  write_fact(out, "ended early", text_at(document.scenario, "stopped"));
  out.close();
}

void write_backends(Markup& out, const ResultDocument& document) {
  if (document.backends.empty()) return;
  constexpr std::array<HtmlColumn, 4> kColumns = {{{"backend"}, {"plugin"}, {"storage"}, {"location"}}};
  HtmlTable table(out, kColumns, "Backends");
  for (const BackendRecord& backend : document.backends) {
    table.begin_row();
    table.cell(backend.name);
    table.cell(backend.plugin);
    table.open_cell();
    out.text(in_words(backend.storage));
    if (backend.emulated) {
      out.text(" ");
      out.element("b", {{"class", "mark"}}, "emulated");
    }
    table.close_cell();
    std::string location = backend.location;
    if (!backend.model_path.empty()) {
      location += fmt::format("{}model: {}", location.empty() ? "" : "; ", backend.model_path);
    }
    for (const auto& [option, name] : backend.built_on) {
      location += fmt::format("{}{}: {}", location.empty() ? "" : "; ", option, name);
    }
    table.breakable_cell(location.empty() ? kNothing : location);
    table.end_row();
  }
}

std::string device_of(const json::object& mount) {
  std::string text;
  const auto add = [&](const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  };
  const std::string model = text_at(mount, "device_model");
  add(model.empty() ? text_at(mount, "device") : fmt::format("{} ({})", text_at(mount, "device"), model));
  if (mount.contains("rotational")) add(json::bool_or(mount, "rotational") ? "rotating" : "not rotating");
  add(text_at(mount, "scheduler"));
  if (mount.contains("read_ahead_bytes")) {
    add("read-ahead " + format_bytes(json::unsigned_or(mount, "read_ahead_bytes")));
  }
  return text.empty() ? std::string(kNothing) : text;
}

std::string space_of(const json::object& mount) {
  if (json::unsigned_or(mount, "size_bytes") == 0) return std::string(kNothing);
  return fmt::format("{} of {}", bytes_at(mount, "free_bytes"), bytes_at(mount, "size_bytes"));
}

void write_mounts(Markup& out, const json::object& environment, std::string_view key,
                  std::string_view caption) {
  const json::array* mounts = json::array_at(environment, key);
  if (mounts == nullptr || mounts->empty()) return;
  constexpr std::array<HtmlColumn, 6> kColumns = {
      {{"mount"}, {"type"}, {"source"}, {"device"}, {"free", true}, {"options"}}};
  HtmlTable table(out, kColumns, caption);
  for (const json::value& entry : *mounts) {
    const json::object* mount = entry.if_object();
    if (mount == nullptr) continue;
    table.begin_row();
    const std::string_view backend = json::text_or(*mount, "backend");
    table.breakable_cell(backend.empty() ? text_at(*mount, "path")
                                         : fmt::format("{}: {}", backend, text_at(*mount, "path")));
    table.cell(text_at(*mount, "type"));
    table.breakable_cell(text_at(*mount, "source"));
    table.cell(device_of(*mount));
    table.cell(space_of(*mount));
    table.breakable_cell(text_at(*mount, "options"));
    table.end_row();
  }
}

void write_probes(Markup& out, const ResultDocument& document) {
  if (document.probes.empty()) return;
  out.open("div", {{"id", "probes"}});
  constexpr std::array<HtmlColumn, 4> kColumns = {{{"probe"}, {"of"}, {"moment"}, {"rate", true}}};
  {
    HtmlTable table(out, kColumns, "Ceilings, as probed");
    for (const ProbeRecord& probe : document.probes) {
      table.begin_row();
      const uint64_t threads = json::unsigned_or(probe.detail, "threads");
      table.cell(threads == 0 ? probe.tag
                              : fmt::format("{}, {} thread{}", probe.tag, threads, threads == 1 ? "" : "s"));
      table.cell(probe.subject);
      table.cell(probe.moment);
      table.cell(format_rate(probe.bytes_per_second));
      table.end_row();
    }
  }
  out.close();
}

void write_plugins(Markup& out, const ResultDocument& document) {
  if (document.plugins.empty()) return;
  constexpr std::array<HtmlColumn, 4> kColumns = {{{"plugin"}, {"version"}, {"vendor"}, {"SHA-256"}}};
  HtmlTable table(out, kColumns, "Plugins");
  for (const json::value& entry : document.plugins) {
    const json::object* plugin = entry.if_object();
    if (plugin == nullptr) continue;
    table.begin_row();
    for (const char* key : {"id", "version", "vendor"}) table.cell(json::text_or(*plugin, key, kNothing));
    table.open_cell();
    // Enough to tell files apart; the document holds all of it.
    constexpr size_t kDigits = 12;
    const std::string digest = text_at(*plugin, "sha256");
    out.element("span", {{"class", "id"}, {"title", digest}}, digest.substr(0, kDigits));
    table.close_cell();
    table.end_row();
  }
}

}  // namespace

void write_environment(Markup& out, const ReportView& view) {
  const ResultDocument& document = view.document();
  out.open("section", {{"id", "environment"}});
  out.element("h2", "Environment");
  write_facts(out, document);
  write_backends(out, document);
  write_mounts(out, document.environment, "mounts", "File systems below the backends");
  write_mounts(out, document.environment, "storage", "Storage of this machine");
  write_probes(out, document);
  write_plugins(out, document);
  out.close();
}

}  // namespace coldload
