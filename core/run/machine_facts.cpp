#include "core/run/machine_facts.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/limits.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

// What a ring of io_uring registers at the least: the pool of a strategy with its defaults.
constexpr uint64_t kMemlockEnough = 64 * limits::kMiB;

Fact ok(std::string text) {
  return {kMachine, FactLevel::ok, std::move(text), "", ""};
}
Fact warning(std::string text, std::string cause, std::string fix) {
  return {kMachine, FactLevel::warning, std::move(text), std::move(cause), std::move(fix)};
}

std::optional<uint64_t> memlock_limit() {
  rlimit lock{};
  if (::getrlimit(RLIMIT_MEMLOCK, &lock) != 0 || lock.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<uint64_t>(lock.rlim_cur);
}

void add_plugins(Facts& facts, const Registry& registry) {
  const size_t count = registry.plugins().size();
  if (count == 0) {
    facts.push_back({kMachine, FactLevel::error, "plugins: none", "no plugin lies where they are looked for",
                     "name their directory with --plugin"});
  } else {
    facts.push_back(ok(fmt::format("plugins: {} in use", count)));
  }
  for (const RefusedPlugin& refused : registry.refused()) {
    facts.push_back(warning(fmt::format("plugin {} is not used", refused.file.string()), refused.reason,
                            "build it for this coldload, or take it away"));
  }
}

}  // namespace

Fact memory_limit_fact(const MemoryHeadroom& memory) {
  std::string text =
      fmt::format("memory: {}, of which a run may use {} ({})", format_bytes_decimal(memory.total_bytes),
                  format_bytes_decimal(memory.bytes), memory.source);
  if (!memory.cgroup_limit_bytes) text += "; no cgroup limit";
  return ok(std::move(text));
}

Fact memlock_fact(std::optional<uint64_t> limit_bytes, bool is_exempt) {
  if (!limit_bytes) return ok("locked memory: no limit");
  const std::string limit = format_bytes(*limit_bytes);
  if (is_exempt) return ok(fmt::format("locked memory: {}, which does not bind root", limit));
  if (*limit_bytes >= kMemlockEnough) return ok(fmt::format("locked memory: up to {}", limit));
  return warning(
      fmt::format("locked memory: no more than {}", limit),
      "a larger pool cannot be registered with a ring: io_uring with registered_buffers is skipped",
      "raise it: `ulimit -l unlimited`, or LimitMEMLOCK=infinity in the service's unit");
}

Fact huge_pages_fact(std::string_view enabled) {
  if (enabled.empty()) {
    return warning("transparent huge pages: the kernel has none",
                   "buffers lie in scattered small pages, so a device may cut large direct reads",
                   "compare direct cases only with those of machines that have none either");
  }
  const size_t open = enabled.find('[');
  const size_t close = enabled.find(']');
  const bool told = open != std::string_view::npos && close != std::string_view::npos && open < close;
  const std::string_view chosen = told ? enabled.substr(open + 1, close - open - 1) : enabled;
  if (chosen != "never") return ok(fmt::format("transparent huge pages: {}", chosen));
  return warning("transparent huge pages: never",
                 "buffers lie in scattered small pages, so a device may cut large direct reads",
                 "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, as root");
}

Fact governor_fact(std::string_view governor) {
  if (governor.empty()) {
    return ok(
        "CPU frequency: the kernel tells no governor, as in a virtual machine; a host that clocks down "
        "is not seen");
  }
  if (governor == "performance") return ok("CPU frequency: governor performance");
  return warning(fmt::format("CPU frequency: governor {}", governor),
                 "short runs may be over before the clock is up, which adds spread",
                 "cpupower frequency-set --governor performance, as root, while measuring");
}

Facts machine_facts(const Registry& registry, const std::vector<std::filesystem::path>& scratch_places) {
  const json::object environment = environment_to_json();
  const json::object* cpu = json::object_at(environment, "cpu");
  Facts facts;
  facts.push_back(ok(fmt::format("kernel: {}", json::text_or(environment, "kernel"))));
  if (cpu != nullptr) {
    facts.push_back(ok(fmt::format("CPU: {} of {} cores may be used, {}", json::integer_or(*cpu, "allowed"),
                                   json::integer_or(*cpu, "online"), json::text_or(*cpu, "model"))));
    facts.push_back(governor_fact(json::text_or(*cpu, "governor")));
  }
  facts.push_back(memory_limit_fact(memory_headroom()));
  facts.push_back(huge_pages_fact(json::text_or(environment, "transparent_hugepages")));
  facts.push_back(memlock_fact(memlock_limit(), ::geteuid() == 0));
  const Facts tried = scratch_facts(scratch_places);
  facts.insert(facts.end(), tried.begin(), tried.end());
  add_plugins(facts, registry);
  return facts;
}

}  // namespace coldload
