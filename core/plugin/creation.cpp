#include "core/plugin/creation.hpp"

#include <fmt/format.h>

#include "core/base/nearest.hpp"
#include "core/plugin/call.hpp"

namespace coldload {

std::unexpected<Error> fail_of(const ComponentSpec& spec, std::string_view word, const Error& error) {
  const std::string message = fmt::format("{} \"{}\": {}", word, spec.name, error.message);
  return fail(error.status, to_string(Diagnostic{spec.where, message}), error.os_error);
}

Result<CheckedSpec> check_spec(const Registry& registry, const Kind& kind, const ComponentSpec& spec,
                               const std::vector<std::string>& backend_names,
                               const std::string& base_directory) {
  const auto component = registry.find(kind.id, spec.component);
  if (!component) {
    std::vector<std::string> known;
    for (const Component& each : registry.components(kind.id)) known.emplace_back(each.table->id);
    const Error unknown{Status::not_found,
                        fmt::format("no plugin provides a {} \"{}\"{}", kind.word, spec.component,
                                    suggestion(spec.component, known)),
                        0};
    return fail_of(spec, kind.word, unknown);
  }
  Diagnostics mistakes;
  const OptionContext context{.subject = fmt::format("{} \"{}\"", kind.word, spec.name),
                              .where = spec.where,
                              .backend_names = backend_names,
                              .base_directory = base_directory};
  EffectiveOptions options = check_options(*component->table, spec.options, context, mistakes);
  if (mistakes.empty()) return CheckedSpec{*component, std::move(options)};
  std::string message;
  for (const Diagnostic& mistake : mistakes) message += (message.empty() ? "" : "\n") + to_string(mistake);
  return fail(Status::invalid_option, std::move(message));
}

Result<void*> create_self(const Component& component, const EffectiveOptions& options, CreateFunction create,
                          const coldload_host& host, const OptionValues::FindBackend& find_backend) {
  if (auto ready = initialise_plugin(*component.plugin); !ready) return pass(ready);
  const auto values = OptionValues::build(options, find_backend);
  if (!values) return pass(values);
  void* self = nullptr;
  const auto created =
      call_plugin(*component.plugin, "create", create, &host, values->data(), values->count(), &self);
  if (!created) return pass(created);
  return self;
}

}  // namespace coldload
