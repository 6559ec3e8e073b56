// What backends are built on: shared by the reader, which refuses cycles, and the planner, which makes
// chains.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/location.hpp"
#include "core/plugin/component_spec.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

struct BuiltOn {
  std::string backend;
  Location where;
};

// Names that the options of type backend of `backend` give, swept ones included, in file order.
[[nodiscard]] std::vector<BuiltOn> built_on(const ComponentSpec& backend, const Registry& registry);

// The option that says where a backend's keys begin: "root" or "path", a directory, or "url". Null where it
// has none, or several values of it.
[[nodiscard]] const Member* place_option(const ComponentSpec& backend);

// The model's place on it, "/mnt/nvme/models/qwen2.5-7b" or "s3://bucket/llms/qwen2.5-7b"; nothing without a
// place option. Relative directories start at `base_directory`.
[[nodiscard]] std::optional<std::string> model_place(const ComponentSpec& backend,
                                                     const std::string& base_directory,
                                                     const std::string& model_path);

// Every name that a comparison may give as a destination: those without a table, then `declared`.
[[nodiscard]] std::vector<std::string> destination_names(const std::vector<ComponentSpec>& declared);

// The names of `components`, in order.
[[nodiscard]] std::vector<std::string> names_of(const std::vector<ComponentSpec>& components);

}  // namespace coldload
