#include "core/report/names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace coldload {
namespace {

std::string backend_part(const CaseRecord& record) {
  return record.backend + "/";
}
std::string destination_part(const CaseRecord& record) {
  return fmt::format("/{}/{}", record.destination, record.cache);
}

}  // namespace

std::string SharedParts::in_words() const {
  if (!backend.empty() && !destination.empty()) {
    return fmt::format("every case: {}/<name>/{}/<cache>", backend, destination);
  }
  if (!backend.empty()) return fmt::format("every case: {}/<name>/<destination>/<cache>", backend);
  if (!destination.empty()) return fmt::format("every case: <backend>/<name>/{}/<cache>", destination);
  return {};
}

SharedParts shared_parts(const std::vector<CaseRecord>& cases) {
  if (cases.size() < 2) return {};
  const CaseRecord& first = cases.front();
  SharedParts shared{first.backend, first.destination};
  for (const CaseRecord& record : cases) {
    if (record.backend != first.backend || !record.id.starts_with(backend_part(record))) {
      shared.backend.clear();
    }
    if (record.destination != first.destination || !record.id.ends_with(destination_part(record))) {
      shared.destination.clear();
    }
  }
  return shared;
}

std::string short_name(const CaseRecord& record, const SharedParts& shared) {
  std::string name = record.id;
  if (!shared.destination.empty() && name.ends_with(destination_part(record))) {
    name.resize(name.size() - destination_part(record).size());
    name += "/" + record.cache;
  }
  if (!shared.backend.empty() && name.starts_with(backend_part(record))) {
    name.erase(0, backend_part(record).size());
  }
  return name;
}

}  // namespace coldload
