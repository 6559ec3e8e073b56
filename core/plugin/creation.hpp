// What creating a backend and creating a strategy have in common. For this folder only.
#pragma once

#include <string>
#include <vector>

#include "core/plugin/component_spec.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/option_values.hpp"
#include "core/plugin/options.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

struct Kind {
  const char* id;         // COLDLOAD_KIND_…
  std::string_view word;  // "backend", "strategy"
};

struct CheckedSpec {
  Component component;
  EffectiveOptions options;
};

// Finds the component and checks the options; all mistakes in one message.
[[nodiscard]] Result<CheckedSpec> check_spec(const Registry& registry, const Kind& kind,
                                             const ComponentSpec& spec,
                                             const std::vector<std::string>& backend_names,
                                             const std::string& base_directory);

// The create() of both kinds.
using CreateFunction = coldload_status (*)(const coldload_host* host, const coldload_option_value* options,
                                           uint32_t option_count, void** out, coldload_error* error);
[[nodiscard]] Result<void*> create_self(const Component& component, const EffectiveOptions& options,
                                        CreateFunction create, const coldload_host& host,
                                        const OptionValues::FindBackend& find_backend);

// The failure of a creation, with the place in the scenario and whose it is before the message.
[[nodiscard]] std::unexpected<Error> fail_of(const ComponentSpec& spec, std::string_view word,
                                             const Error& error);

}  // namespace coldload
