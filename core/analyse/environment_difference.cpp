#include "core/analyse/environment_difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "core/analyse/words.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

constexpr std::string_view kAbsent = "absent";
// Free memory and ceilings differ from run to run; further apart than this they may explain something.
constexpr double kSteadyRatio = 1.1;

using Values = std::vector<std::pair<std::string, std::string>>;  // in the order they are told

std::string plain(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  return json::dump(value);
}

// A number of this document's units as people write it; anything else as it stands.
std::string in_unit(std::string_view name, const json::value& value) {
  if (name == "until_ci" && value.is_number()) return percent_in_words(value.to_number<double>());
  boost::system::error_code error;
  const auto number = value.is_number() ? value.to_number<uint64_t>(error) : 0;
  if (!value.is_number() || error) return plain(value);
  // What people set is a round number of binary units; what there is of something is not.
  if (name == "read_ahead_bytes" || name == "pool_bytes" || name == "memlock_bytes")
    return format_bytes(number);
  if (name.ends_with("_bytes")) return format_bytes_decimal(number);
  if (name.ends_with("_ns")) return format_duration(number);
  if (name == "max_bandwidth") return format_rate(static_cast<double>(number));
  return plain(value);
}

std::string without_unit(std::string_view name) {
  for (const std::string_view unit : {"_ns", "_bytes"}) {
    if (name.ends_with(unit)) name.remove_suffix(unit.size());
  }
  return std::string(name);
}

void add(Values& values, const json::object* from, std::string_view name, std::string_view shown) {
  const json::value* value = from == nullptr ? nullptr : from->if_contains(name);
  if (value != nullptr) values.emplace_back(shown, in_unit(name, *value));
}

Values machine_of(const ResultDocument& document) {
  const json::object& environment = document.environment;
  Values values;
  add(values, &environment, "kernel", "kernel");
  add(values, &environment, "os", "os");
  const json::object* cpu = json::object_at(environment, "cpu");
  add(values, cpu, "model", "cpu");
  add(values, cpu, "online", "cpus online");
  add(values, cpu, "allowed", "cpus allowed");
  add(values, cpu, "governor", "cpu governor");
  add(values, cpu, "hypervisor", "virtual machine");
  const json::object* memory = json::object_at(environment, "memory");
  add(values, memory, "total_bytes", "memory");
  add(values, memory, "cgroup_limit_bytes", "memory limit of the cgroup");
  add(values, &environment, "memlock_bytes", "locked memory");
  add(values, &environment, "privileged", "root");
  add(values, &environment, "transparent_hugepages", "transparent huge pages");
  add(values, &environment, "tcp_congestion_control", "tcp congestion control");
  if (const json::object* proxies = json::object_at(environment, "proxies")) {
    for (const auto& proxy : *proxies) values.emplace_back(proxy.key(), plain(proxy.value()));
  }
  return values;
}

Values program_of(const ResultDocument& document) {
  Values values;
  add(values, &document.program, "version", "version");
  add(values, &document.program, "abi", "plugin ABI");
  return values;
}

using Groups = std::vector<std::pair<std::string, Values>>;

Groups mounts_of(const ResultDocument& document) {
  Groups groups;
  std::map<std::string, size_t> seen;
  const json::array* mounts = json::array_at(document.environment, "mounts");
  if (mounts == nullptr) return groups;
  for (const json::value& element : *mounts) {
    const json::object* mount = element.if_object();
    if (mount == nullptr) continue;
    std::string name = fmt::format("mount of {}", json::text_or(*mount, "backend", "a backend"));
    if (const size_t before = seen[name]++; before != 0) name += fmt::format(", number {}", before + 1);
    Values values;
    for (const char* field : {"path", "type", "source", "options", "device", "device_model", "scheduler"}) {
      add(values, mount, field, std::string_view(field) == "device_model" ? "device model" : field);
    }
    add(values, mount, "read_ahead_bytes", "read-ahead");
    add(values, mount, "rotational", "rotational");
    add(values, mount, "size_bytes", "size");
    groups.emplace_back(std::move(name), std::move(values));
  }
  return groups;
}

Groups plugins_of(const ResultDocument& document) {
  Groups groups;
  for (const json::value& element : document.plugins) {
    const json::object* plugin = element.if_object();
    if (plugin == nullptr) continue;
    Values values;
    add(values, plugin, "version", "version");
    add(values, plugin, "abi", "ABI");
    const std::string_view hash = json::text_or(*plugin, "sha256");
    if (!hash.empty()) values.emplace_back("sha256", hash);
    groups.emplace_back(fmt::format("plugin {}", json::text_or(*plugin, "id")), std::move(values));
  }
  return groups;
}

Values scenario_of(const ResultDocument& document) {
  const json::object& scenario = document.scenario;
  Values values;
  add(values, &scenario, "name", "name");
  add(values, &scenario, "model_path", "model");
  add(values, &scenario, "model_bytes", "model's size");
  add(values, &scenario, "loaded_bytes", "loaded of it");
  if (const json::object* run = json::object_at(scenario, "run")) {
    for (const auto& setting : *run) {
      values.emplace_back(without_unit(setting.key()), in_unit(setting.key(), setting.value()));
    }
  }
  return values;
}

// "backend lake" and "strategy parallel" with their options in effect. A swept option has several values,
// which the ids of the cases tell.
Groups options_of(const ResultDocument& document) {
  std::map<std::string, std::map<std::string, std::set<std::string>>> found;
  for (const CaseRecord& record : document.cases) {
    for (const char* component : {"backend", "strategy"}) {
      const json::object* options = json::object_at(record.options, component);
      if (options == nullptr) continue;
      const std::string& name = std::string_view(component) == "backend" ? record.backend : record.strategy;
      for (const auto& option : *options) {
        const json::object* entry = option.value().if_object();
        if (entry == nullptr) continue;
        const std::string_view written = json::text_or(*entry, "written");
        const json::value* value = entry->if_contains("value");
        found[fmt::format("{} {}", component, name)][option.key()].insert(
            !written.empty() || value == nullptr ? std::string(written) : plain(*value));
      }
    }
  }
  Groups groups;
  for (const auto& [name, options] : found) {
    Values values;
    for (const auto& [option, written] : options) {
      std::string all;
      for (const std::string& one : written) all += (all.empty() ? "" : ", ") + one;
      values.emplace_back(option, all);
    }
    groups.emplace_back(name, std::move(values));
  }
  return groups;
}

// What repetition 0 of the first verified case saw; empty where nothing was verified.
std::string checksum_of(const ResultDocument& document) {
  for (const RunRecord& run : document.runs) {
    if (run.status == RunStatus::ok && !run.checksum.empty()) return run.checksum;
  }
  return {};
}

class Differences {
 public:
  void compare(const std::string& group, const Values& base, const Values& fresh) {
    for (const auto& [what, value] : base) add_if(group, what, value, find(fresh, what));
    for (const auto& [what, value] : fresh) {
      if (!find(base, what)) add_if(group, what, std::nullopt, value);
    }
  }

  void compare(const Groups& base, const Groups& fresh) {
    for (const auto& [name, values] : base) compare(name, values, of(fresh, name));
    for (const auto& [name, values] : fresh) {
      const bool in_base = std::ranges::any_of(base, [&](const auto& group) { return group.first == name; });
      if (!in_base) compare(name, {}, values);
    }
  }

  // Quantities of which small differences say nothing.
  void compare_loosely(const std::string& group, const std::string& what, double base, double fresh,
                       const std::function<std::string(double)>& written) {
    if (!(base > 0) || !(fresh > 0) || std::max(base, fresh) < kSteadyRatio * std::min(base, fresh)) return;
    add_if(group, what, written(base), written(fresh));
  }

  std::vector<EnvironmentDifference> take() { return std::move(differences_); }

  void add_if(const std::string& group, const std::string& what, const std::optional<std::string>& base,
              const std::optional<std::string>& fresh) {
    if (base == fresh) return;
    differences_.push_back(
        {group, what, base.value_or(std::string(kAbsent)), fresh.value_or(std::string(kAbsent))});
  }

 private:
  static std::optional<std::string> find(const Values& values, std::string_view what) {
    for (const auto& [name, value] : values) {
      if (name == what) return value;
    }
    return std::nullopt;
  }

  static Values of(const Groups& groups, std::string_view name) {
    for (const auto& [known, values] : groups) {
      if (known == name) return values;
    }
    return {};
  }

  std::vector<EnvironmentDifference> differences_;
};

double headroom_of(const ResultDocument& document) {
  const json::object* memory = json::object_at(document.environment, "memory");
  return memory == nullptr ? 0 : json::number_or(*memory, "headroom_bytes");
}

// The best of each ceiling's moments, by what it is called.
std::map<std::string, double> ceilings_of(const ResultDocument& document) {
  std::map<std::string, double> best;
  for (const ProbeRecord& probe : document.probes) {
    std::string name = fmt::format("{} of {}", probe.tag, probe.subject);
    if (const uint64_t threads = json::unsigned_or(probe.detail, "threads"); threads != 0) {
      name += fmt::format(", {} thread{}", threads, threads == 1 ? "" : "s");
    }
    double& rate = best[name];
    rate = std::max(rate, probe.bytes_per_second);
  }
  return best;
}

}  // namespace

std::vector<EnvironmentDifference> environment_differences(const ResultDocument& base,
                                                           const ResultDocument& fresh) {
  Differences differences;
  differences.compare("machine", machine_of(base), machine_of(fresh));
  const auto bytes = [](double value) { return format_bytes_decimal(static_cast<uint64_t>(value)); };
  differences.compare_loosely("machine", "available memory", headroom_of(base), headroom_of(fresh), bytes);
  differences.compare("program", program_of(base), program_of(fresh));
  differences.compare(mounts_of(base), mounts_of(fresh));
  differences.compare(plugins_of(base), plugins_of(fresh));
  differences.compare("scenario", scenario_of(base), scenario_of(fresh));
  differences.compare(options_of(base), options_of(fresh));
  const std::string checksum = checksum_of(base);
  // Where one of them verified nothing, nothing is known.
  if (const std::string other = checksum_of(fresh); !checksum.empty() && !other.empty()) {
    differences.add_if("model", "checksum", checksum, other);
  }
  const auto ceilings = ceilings_of(fresh);
  for (const auto& [name, rate] : ceilings_of(base)) {
    const auto other = ceilings.find(name);
    if (other == ceilings.end()) continue;
    differences.compare_loosely("ceiling", name, rate, other->second, format_rate);
  }
  return differences.take();
}

}  // namespace coldload
