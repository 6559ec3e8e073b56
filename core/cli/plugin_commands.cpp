#include "core/cli/commands.hpp"
#include "core/plugin/describe.hpp"
#include "core/plugin/plugin_list.hpp"

namespace coldload {

ExitCode list_command(const Context& context, bool as_json) {
  const auto registry = scan_plugins(context, false);
  if (!registry) {
    print_error(registry.error());
    return exit_code_of(registry.error());
  }
  print_out(as_json ? list_json(*registry) : list_text(*registry));
  return ExitCode::ok;
}

ExitCode list_plugins_command(const Context& context, bool as_json) {
  const auto registry = scan_plugins(context, false);
  if (!registry) {
    print_error(registry.error());
    return exit_code_of(registry.error());
  }
  print_out(as_json ? plugin_list_json(*registry) : plugin_list_text(*registry));
  return ExitCode::ok;
}

ExitCode describe_command(const Context& context, const std::string& component, bool as_json) {
  const auto registry = scan_plugins(context, true);
  if (!registry) {
    print_error(registry.error());
    return exit_code_of(registry.error());
  }
  const auto text = as_json ? describe_json(*registry, component) : describe_text(*registry, component);
  if (!text) {
    print_error(text.error());
    return exit_code_of(text.error());
  }
  print_out(*text);
  return ExitCode::ok;
}

}  // namespace coldload
