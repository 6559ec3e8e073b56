#include "core/run/first_files.hpp"

#include <fmt/format.h>

#include "core/run/file_identity.hpp"

namespace coldload {

std::string text_of(const BackendChain& backend) {
  json::array chain;
  for (const ComponentSpec& spec : backend) chain.push_back(to_json(spec));
  return json::dump(chain);
}

void FirstFiles::hold_to(const BackendChain& backend, RunRecord& record) {
  if (record.status != RunStatus::ok) return;
  auto& first = files_[text_of(backend)];
  if (record.phases.get("prepare") != 0) first.clear();
  for (const ObjectRecord& object : record.objects) {
    if (!object.file) continue;
    const auto [known, fresh] = first.try_emplace(object.name, *object.file);
    const std::string changed = fresh ? std::string() : what_changed(known->second, *object.file);
    if (changed.empty()) continue;
    record.status = RunStatus::failed;
    record.reason = fmt::format(
        "integrity: {} {} since the first run of backend \"{}\": measure again once "
        "nothing writes there",
        object.name, changed, backend.back().name);
    return;
  }
}

}  // namespace coldload
