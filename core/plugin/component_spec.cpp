#include "core/plugin/component_spec.hpp"

#include <utility>

namespace coldload {

json::value to_json(const ComponentSpec& spec) {
  return json::object{{"name", spec.name},
                      {"component", spec.component},
                      {"options", to_json(spec.options)},
                      {"where", json::array{spec.where.file, spec.where.line, spec.where.column}}};
}

Result<ComponentSpec> component_spec_from_json(const json::value& document) {
  const json::object* members = document.if_object();
  if (members == nullptr) return fail(Status::internal, "a component in the worker's input is no object");
  ComponentSpec spec;
  spec.name = json::text_or(*members, "name");
  spec.component = json::text_or(*members, "component");
  if (spec.name.empty() || spec.component.empty()) {
    return fail(Status::internal, "a component in the worker's input has no name");
  }
  const json::value* options = members->if_contains("options");
  if (options == nullptr) {
    return fail(Status::internal, "component \"" + spec.name + "\" in the worker's input has no options");
  }
  auto table = table_from_json(*options);
  if (!table) return pass(table);
  spec.options = std::move(*table);
  const json::array* where = json::array_at(*members, "where");
  if (where != nullptr && where->size() == 3 && (*where)[0].is_string()) {
    boost::system::error_code error;
    spec.where.file = (*where)[0].get_string();
    spec.where.line = (*where)[1].to_number<uint32_t>(error);
    spec.where.column = (*where)[2].to_number<uint32_t>(error);
  }
  return spec;
}

}  // namespace coldload
