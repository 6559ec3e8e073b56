#include "core/run/header_backends.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "coldload/backend.h"
#include "coldload/cpp/redaction.hpp"
#include "core/plugin/options.hpp"
#include "core/record/mount.hpp"

namespace coldload {
namespace {

// Schemes of protocols that address whole objects over HTTP.
constexpr std::array<std::string_view, 5> kObjectStoreSchemes = {"s3", "gs", "az", "http", "https"};

const std::string* text_of(const Member& member) {
  return std::get_if<std::string>(&member.value.data);
}

// The scheme of `text` if it is one of the component's.
std::string_view own_scheme(const coldload_component& table, std::string_view text) {
  for (const char* const* scheme = table.schemes; scheme != nullptr && *scheme != nullptr; ++scheme) {
    const std::string_view name = *scheme;
    if (text.starts_with(name) && text.substr(name.size()).starts_with("://")) return name;
  }
  return {};
}

// A user may be a secret token; an '@' of the path tells one place from another and stays.
std::string location_of(std::string_view url) {
  const size_t begin = url.find("://") + 3;
  const size_t at = url.find('@', begin);
  return at < url.find('/', begin) ? sdk::without_secrets(url) : std::string(url);
}

class Describer {
 public:
  Describer(const Plan& plan, const Registry& registry) : plan_(plan), registry_(registry) {}

  BackendRecord describe(const ComponentSpec& spec, bool stages) const {
    BackendRecord record;
    record.name = spec.name;
    record.plugin = spec.component;
    const auto component = registry_.find(COLDLOAD_KIND_BACKEND, spec.component);
    if (!component) return record;
    const coldload_component& table = *component->table;
    record.emulated = (table.flags & COLDLOAD_COMPONENT_EMULATED) != 0;
    read_options(spec, table, record);
    if ((table.flags & COLDLOAD_COMPONENT_SYNTHETIC) != 0) {
      record.storage = StorageKind::synthetic;
    } else if (record.emulated) {
      record.storage = StorageKind::network;
    } else if (stages) {
      record.storage = StorageKind::staged;
    }
    return record;
  }

 private:
  void read_options(const ComponentSpec& spec, const coldload_component& table, BackendRecord& record) const {
    for (const Member& member : spec.options) {
      const coldload_option* option = find_option(table, member.key);
      const std::string* text = text_of(member);
      if (option == nullptr || text == nullptr || text->empty()) continue;
      if (option->type == COLDLOAD_OPTION_BACKEND) record.built_on.emplace_back(member.key, *text);
      if (option->type == COLDLOAD_OPTION_PATH) place_at(*text, record);
      const std::string_view scheme = own_scheme(table, *text);
      if (option->type == COLDLOAD_OPTION_STRING && !scheme.empty()) {
        record.location = location_of(*text);
        const bool objects = std::ranges::find(kObjectStoreSchemes, scheme) != kObjectStoreSchemes.end();
        record.storage = objects ? StorageKind::object_store : StorageKind::network;
      }
    }
  }

  // Only a directory that is there says where a model lies: a file (of certificates, say) is an option like
  // others.
  void place_at(const std::string& written, BackendRecord& record) const {
    const std::filesystem::path path = std::filesystem::path(plan_.scenario.base_directory) / written;
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) return;
    record.location = path.lexically_normal().string();
    if (const auto mount = mount_of(path)) record.storage = storage_kind_of(*mount);
  }

  const Plan& plan_;
  const Registry& registry_;
};

}  // namespace

std::vector<BackendRecord> backend_records(const Plan& plan, const Registry& registry) {
  const Describer describer(plan, registry);
  std::vector<BackendRecord> records;
  for (const Case& planned : plan.cases) {
    for (const ComponentSpec& spec : planned.backend) {
      const auto known = std::ranges::find(records, spec.name, &BackendRecord::name);
      const bool outermost = &spec == &planned.backend.back();
      if (known != records.end()) continue;
      records.push_back(describer.describe(spec, outermost && planned.survey.stages));
      records.back().model_path = planned.model_path;
    }
  }
  return records;
}

}  // namespace coldload
