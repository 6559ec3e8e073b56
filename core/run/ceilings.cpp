#include "core/run/ceilings.hpp"

#include <set>
#include <string>
#include <utility>

#include "core/run/ask.hpp"

namespace coldload {
namespace {

Result<void> keep(const CeilingsAsked& asked, std::vector<ProbeRecord> probes, ResultDocument& document) {
  for (ProbeRecord& probe : probes) {
    probe.moment = asked.moment;
    auto appended = asked.journal.append(probe);
    if (!appended) return appended;
    document.probes.push_back(std::move(probe));
  }
  return {};
}

// A null case is the memory's. A probe reads as fast as the storage gives: with max_bandwidth none is taken,
// and runs that are held back are not compared with one.
std::vector<const Case*> subjects_of(const CeilingsAsked& asked, const std::vector<const Case*>& storage) {
  std::vector<const Case*> subjects = {nullptr};
  if (asked.plan.scenario.run.max_bandwidth) return subjects;
  std::set<std::string> seen;
  for (const Case* planned : storage) {
    const bool has_paths = (planned->survey.capabilities & COLDLOAD_CAN_PATH) != 0;
    if (has_paths && !planned->survey.synthetic && seen.insert(planned->backend.back().name).second)
      subjects.push_back(planned);
  }
  return subjects;
}

// A device that is not there leaves no ceiling: its cases say why they were skipped.
Result<void> take_of_devices(const CeilingsAsked& asked, const std::vector<const Case*>& cases,
                             ResultDocument& document) {
  std::set<std::string> seen;
  json::array devices;
  for (const Case* planned : cases) {
    const auto& destination = planned->destination_plugin;
    if (!destination || !seen.insert(destination->name).second) continue;
    if (asked.supervisor.interrupt().pending()) return {};
    auto probe = probe_destination_in_worker(asked.supervisor, asked.registry, *destination,
                                             asked.plan.scenario.base_directory);
    if (!probe) continue;
    json::object device{{"destination", destination->name}};
    for (const auto& fact : probe->facts) device[fact.key()] = fact.value();
    devices.push_back(std::move(device));
    if (auto kept = keep(asked, std::move(probe->ceilings), document); !kept) return kept;
  }
  if (!devices.empty()) document.environment["devices"] = std::move(devices);
  return {};
}

}  // namespace

Result<void> take_ceilings(const CeilingsAsked& asked, const std::vector<const Case*>& storage,
                           const std::vector<const Case*>& devices, ResultDocument& document) {
  for (const Case* subject : subjects_of(asked, storage)) {
    if (asked.supervisor.interrupt().pending()) return {};
    auto probes =
        probe_in_worker(asked.supervisor, asked.registry, subject, asked.plan.scenario.base_directory);
    if (!probes) continue;
    if (auto kept = keep(asked, std::move(*probes), document); !kept) return kept;
  }
  return take_of_devices(asked, devices, document);
}

}  // namespace coldload
