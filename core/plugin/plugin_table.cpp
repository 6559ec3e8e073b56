#include "core/plugin/plugin_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "coldload/backend.h"
#include "coldload/destination.h"
#include "coldload/strategy.h"
#include "core/base/limits.hpp"
#include "core/plugin/names.hpp"
#include "core/plugin/options.hpp"

namespace coldload {
namespace {

std::unexpected<Error> unsupported(std::string message) {
  return fail(Status::unsupported, std::move(message));
}

Result<void> check_size(uint32_t given, size_t wanted, std::string_view what) {
  if (given >= wanted) return {};
  return unsupported(fmt::format("{} has a struct_size of {}, the ABI it names has {}", what, given, wanted));
}

Result<void> check_backend_ops(const coldload_backend_ops& ops) {
  if (auto checked = check_size(ops.struct_size, sizeof ops, "its table of functions"); !checked)
    return checked;
  const bool whole = ops.create != nullptr && ops.destroy != nullptr && ops.list != nullptr &&
                     ops.probe != nullptr && ops.open != nullptr && ops.close != nullptr &&
                     ops.read_at != nullptr;
  if (whole) return {};
  return unsupported("lacks one of create, destroy, list, probe, open, close, read_at");
}

Result<void> check_strategy_ops(const coldload_strategy_ops& ops) {
  if (auto checked = check_size(ops.struct_size, sizeof ops, "its table of functions"); !checked)
    return checked;
  const bool whole =
      ops.create != nullptr && ops.destroy != nullptr && ops.requirements != nullptr && ops.load != nullptr;
  if (whole) return {};
  return unsupported("lacks one of create, destroy, requirements, load");
}

Result<void> check_destination_ops(const coldload_destination_ops& ops) {
  if (auto checked = check_size(ops.struct_size, sizeof ops, "its table of functions"); !checked)
    return checked;
  const bool whole = ops.create != nullptr && ops.destroy != nullptr && ops.begin != nullptr &&
                     ops.acquire != nullptr && ops.deliver != nullptr && ops.deliver_mapped != nullptr &&
                     ops.finish != nullptr && ops.cancel != nullptr;
  if (whole) return {};
  return unsupported("lacks one of create, destroy, begin, acquire, deliver, deliver_mapped, finish, cancel");
}

// What only a backend may have.
Result<void> check_is_no_backend(const coldload_component& component) {
  if (component.schemes != nullptr) return unsupported("has URL schemes, which only a backend has");
  for (uint32_t i = 0; i < component.option_count; ++i) {
    const coldload_option& option = option_at(component, i);
    if (option.type == COLDLOAD_OPTION_BACKEND) {
      return unsupported(
          fmt::format("option \"{}\" names a backend, which only a backend's may", option.name));
    }
  }
  return {};
}

uint32_t flags_of_kind(std::string_view kind) {
  if (kind == COLDLOAD_KIND_BACKEND) {
    return COLDLOAD_COMPONENT_RUNS_PROGRAMS | COLDLOAD_COMPONENT_SYNTHETIC | COLDLOAD_COMPONENT_EMULATED;
  }
  if (kind == COLDLOAD_KIND_STRATEGY) return COLDLOAD_COMPONENT_RUNS_PROGRAMS | COLDLOAD_COMPONENT_EXTERNAL;
  return 0;
}

// What holds for one kind only.
Result<void> check_kind(const coldload_component& component) {
  const std::string_view kind = component.kind == nullptr ? "" : component.kind;
  if (kind != COLDLOAD_KIND_BACKEND && kind != COLDLOAD_KIND_STRATEGY && kind != COLDLOAD_KIND_DESTINATION) {
    return unsupported(fmt::format("is of unknown kind \"{}\"", kind));
  }
  const uint32_t foreign = component.flags & ~flags_of_kind(kind);
  if (foreign != 0) return unsupported(fmt::format("has flags {:#x}, which its kind has not", foreign));
  if (component.ops == nullptr) return unsupported("has no table of functions");
  if (kind == COLDLOAD_KIND_BACKEND) {
    return check_backend_ops(*static_cast<const coldload_backend_ops*>(component.ops));
  }
  if (auto checked = check_is_no_backend(component); !checked) return checked;
  if (kind == COLDLOAD_KIND_DESTINATION) {
    return check_destination_ops(*static_cast<const coldload_destination_ops*>(component.ops));
  }
  return check_strategy_ops(*static_cast<const coldload_strategy_ops*>(component.ops));
}

Result<void> check_component(const coldload_component& component) {
  if (auto checked = check_size(component.struct_size, sizeof component, "its table"); !checked)
    return checked;
  if (!is_one_line(component.summary)) return unsupported("has no summary of one line");
  if (auto checked = check_option_table(component); !checked) {
    return unsupported(std::move(checked.error().message));
  }
  return check_kind(component);
}

bool is_plugin_id(const char* id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return id != nullptr && *id != '\0' && std::ranges::all_of(std::string_view(id), allowed);
}

}  // namespace

Result<void> check_plugin_version(const coldload_plugin& plugin) {
  // While the major is 0 nothing is promised from one minor to the next.
  const bool same_minor = COLDLOAD_ABI_MAJOR != 0 || plugin.abi_minor == COLDLOAD_ABI_MINOR;
  if (plugin.abi_major == COLDLOAD_ABI_MAJOR && same_minor) return {};
  return unsupported(
      fmt::format("built for plugin ABI {}.{}, this host has {}.{}: build it against this host's SDK",
                  plugin.abi_major, plugin.abi_minor, COLDLOAD_ABI_MAJOR, COLDLOAD_ABI_MINOR));
}

Result<void> check_plugin_table(const coldload_plugin& plugin) {
  if (auto checked = check_plugin_version(plugin); !checked) return checked;
  if (auto checked = check_size(plugin.struct_size, sizeof plugin, "the plugin's table"); !checked)
    return checked;
  if (!is_plugin_id(plugin.id)) {
    return unsupported(
        "its id is not one of lower-case letters, digits, '.', '_' and '-', such as \"org.coldload.s3\"");
  }
  if (!is_one_line(plugin.version)) return unsupported("has no version");
  if (!is_one_line(plugin.vendor)) return unsupported("has no vendor");
  if (plugin.component_count == 0 || plugin.components == nullptr)
    return unsupported("provides no component");
  if (plugin.component_count > limits::kPluginComponentsMax) {
    return unsupported(fmt::format("provides {} components, above the limit of {}", plugin.component_count,
                                   limits::kPluginComponentsMax));
  }
  for (uint32_t i = 0; i < plugin.component_count; ++i) {
    const coldload_component* component = plugin.components[i];
    if (component == nullptr || component->id == nullptr || !is_snake_case(component->id)) {
      return unsupported(
          fmt::format("component {} of {} has no snake_case id", i + 1, plugin.component_count));
    }
    if (auto checked = check_component(*component); !checked) {
      return unsupported(fmt::format("component \"{}\": {}", component->id, checked.error().message));
    }
    for (uint32_t j = 0; j < i; ++j) {
      const coldload_component& earlier = component_at(plugin, j);
      if (std::string_view(earlier.kind) == component->kind &&
          std::string_view(earlier.id) == component->id) {
        return unsupported(fmt::format("provides the component \"{}\" twice", component->id));
      }
    }
  }
  return {};
}

}  // namespace coldload
