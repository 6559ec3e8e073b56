#include "core/conformance/kit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "coldload/backend.h"
#include "coldload/strategy.h"
#include "core/base/nearest.hpp"
#include "core/conformance/component_options.hpp"
#include "core/conformance/contract.hpp"
#include "core/conformance/kinds.hpp"
#include "core/conformance/samples.hpp"
#include "core/conformance/subject.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/options.hpp"
#include "core/plugin/plugin_table.hpp"

namespace coldload::conformance {
namespace {

namespace fs = std::filesystem;

// Contracts without which nothing else can be asked.
constexpr std::array<std::string_view, 3> kFirst = {"library.opens", "library.version",
                                                    "library.descriptors"};

// Removed with its object.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  [[nodiscard]] Result<void> make() {
    const char* temporary = std::getenv("TMPDIR");
    std::string path = fmt::format("{}/coldload-check-XXXXXX", temporary == nullptr ? "/var/tmp" : temporary);
    if (::mkdtemp(path.data()) == nullptr) return fail_errno(errno, path);
    path_ = path;
    return write_samples(path_);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

bool is_wanted(std::string_view id, std::string_view only) {
  return only.empty() || id == only || (id.starts_with(only) && id[only.size()] == '.');
}

Result<void> check_only(const std::string& only) {
  std::vector<std::string> ids;
  for (const KnownContract& each : known_contracts()) {
    if (is_wanted(each.id, only)) return {};
    ids.push_back(each.id);
  }
  const auto nearest = nearest_name(only, ids);
  return fail(Status::invalid_option,
              fmt::format("--only: no contract \"{}\"{}; coldload plugin check --list shows all", only,
                          nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : ""));
}

// Runs contracts and keeps what came of them.
class Checker {
 public:
  Checker(const KitRequest& request, const std::function<void(const ContractResult&)>& told,
          const std::function<bool()>& stop, KitReport& report)
      : request_(request), told_(told), stop_(stop), report_(report) {}

  // Those that were asked for. Whether the first ones hold is found out all the same.
  [[nodiscard]] bool library(const Subject& subject) {
    bool usable = true;
    for (const Contract& contract : library_contracts()) {
      const bool first = std::ranges::find(kFirst, contract.id) != kFirst.end();
      const bool wanted = is_wanted(contract.id, request_.only);
      if ((!first && !wanted) || stop_()) continue;
      const Attempt attempt = run(contract, subject);
      const bool passed = attempt.ending == Ending::passed;
      if (first && !passed) usable = false;
      // What keeps the contracts that were asked for from being checked is shown instead of them.
      if (wanted || (first && !passed)) keep(contract, "", attempt);
    }
    return usable;
  }

  void component(std::span<const Contract> contracts, const Subject& subject, const std::string& name) {
    for (const Contract& contract : contracts) {
      if (!is_wanted(contract.id, request_.only) || stop_()) continue;
      keep(contract, name, run(contract, subject));
    }
  }

 private:
  [[nodiscard]] Attempt run(const Contract& contract, const Subject& subject) const {
    return run_in_process([&] { contract.check(subject); }, contract.limit_ms, stop_);
  }
  void keep(const Contract& contract, const std::string& component, const Attempt& attempt) {
    if (stop_()) return;  // Killed for that, which says nothing of the plugin.
    report_.results.push_back({contract.id, component, contract.sentence, attempt});
    told_(report_.results.back());
  }

  const KitRequest& request_;
  const std::function<void(const ContractResult&)>& told_;
  const std::function<bool()>& stop_;
  KitReport& report_;
};

Result<std::vector<WrittenOption>> written_options(const KitRequest& request, const coldload_plugin& plugin) {
  std::vector<WrittenOption> written;
  for (const std::string& argument : request.options) {
    auto option = read_written_option(argument);
    if (!option) return pass(option);
    std::vector<std::string> known;
    for (uint32_t i = 0; i < plugin.component_count; ++i) {
      for (std::string& name : option_names(component_at(plugin, i))) known.push_back(std::move(name));
    }
    if (std::ranges::find(known, option->name) == known.end()) {
      return fail(Status::invalid_option, fmt::format("--option: the plugin has no option \"{}\"{}",
                                                      option->name, suggestion(option->name, known)));
    }
    written.push_back(std::move(*option));
  }
  return written;
}

// The plugin itself comes first, so that it wins over an installed one of the same id.
Registry registry_for(const KitRequest& request) {
  SearchPath search = request.search;
  search.files_or_directories.insert(search.files_or_directories.begin(), request.file);
  return Registry::scan(search);
}

// What create() would refuse is a mistake of the command line, said once and not by every contract.
Result<void> check_options_of(const Registry& registry, const BackendChain& chain,
                              const std::string& base_directory) {
  std::vector<std::string> before;
  for (const ComponentSpec& spec : chain) {
    const std::string_view kind = chain.size() == 1 && !registry.find(COLDLOAD_KIND_BACKEND, spec.component)
                                      ? COLDLOAD_KIND_STRATEGY
                                      : COLDLOAD_KIND_BACKEND;
    const auto component = registry.find(kind, spec.component);
    if (!component) continue;
    Diagnostics mistakes;
    const OptionContext context{spec.component, spec.where, before, base_directory};
    (void)check_options(*component->table, spec.options, context, mistakes);
    if (!mistakes.empty()) {
      return fail(Status::invalid_option,
                  fmt::format("{}; give it with --option NAME=VALUE", to_string(mistakes.front())));
    }
    before.push_back(spec.name);
  }
  return {};
}

Result<void> check_components(const KitRequest& request, Subject subject, Checker& checker,
                              KitReport& report) {
  const Registry registry = registry_for(request);
  const auto loaded = std::ranges::find(registry.plugins(), request.file, &LoadedPlugin::file);
  if (loaded == registry.plugins().end()) {
    for (const RefusedPlugin& refused : registry.refused()) {
      if (refused.file == request.file)
        return fail(Status::unsupported, fmt::format("{}: {}", refused.file.string(), refused.reason));
    }
    return fail(Status::not_found, fmt::format("{}: no plugin there", request.file.string()));
  }
  const coldload_plugin& plugin = *loaded->plugin;
  report.plugin = plugin.id;
  report.version = plugin.version;
  const auto written = written_options(request, plugin);
  if (!written) return pass(written);
  subject.registry = &registry;
  for (uint32_t i = 0; i < plugin.component_count; ++i) {
    subject.table = &component_at(plugin, i);
    const auto kind =
        std::ranges::find(kinds_of_components(), std::string_view(subject.table->kind), &KindOfComponent::id);
    if (kind == kinds_of_components().end()) continue;
    auto chain = configured(registry, *subject.table, *written);
    if (!chain) return pass(chain);
    if (auto checked = check_options_of(registry, *chain, request.base_directory); !checked) return checked;
    subject.chain = std::move(*chain);
    checker.component(kind->contracts(), subject, fmt::format("{}/{}", kind->word, subject.table->id));
  }
  return {};
}

}  // namespace

size_t KitReport::count(Ending ending) const {
  return static_cast<size_t>(std::ranges::count_if(
      results, [&](const ContractResult& each) { return each.attempt.ending == ending; }));
}

bool KitReport::conforms() const {
  return count(Ending::passed) + count(Ending::skipped) == results.size();
}

std::vector<KnownContract> known_contracts() {
  std::vector<KnownContract> known;
  const auto add = [&](std::span<const Contract> contracts) {
    for (const Contract& contract : contracts) known.push_back({contract.id, contract.sentence});
  };
  add(library_contracts());
  for (const KindOfComponent& kind : kinds_of_components()) add(kind.contracts());
  return known;
}

Result<KitReport> check_plugin(const KitRequest& request,
                               const std::function<void(const ContractResult&)>& told,
                               const std::function<bool()>& stop) {
  if (auto checked = check_only(request.only); !checked) return pass(checked);
  std::error_code error;
  if (!fs::is_regular_file(request.file, error)) {
    return fail(Status::not_found,
                fmt::format("{}: no such file; expected a plugin's shared object", request.file.string()));
  }
  Scratch scratch;
  if (auto made = scratch.make(); !made) return pass(made);
  KitReport report;
  report.file = request.file;
  Checker checker(request, told, stop, report);
  Subject subject;
  subject.file = request.file;
  subject.base_directory = request.base_directory;
  subject.samples = scratch.path();
  // A plugin is opened in this process only where a component of it is to be checked.
  const bool components = request.only.empty() || !request.only.starts_with("library");
  if (checker.library(subject) && components && !stop()) {
    if (auto checked = check_components(request, subject, checker, report); !checked) return pass(checked);
  }
  if (stop()) return fail(Status::cancelled, "interrupted");
  if (report.results.empty()) {
    return fail(Status::invalid_option,
                fmt::format("--only {}: the plugin provides nothing of that kind", request.only));
  }
  return report;
}

}  // namespace coldload::conformance
