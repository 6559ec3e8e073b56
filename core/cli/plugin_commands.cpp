#include "core/cli/commands.hpp"
#include "core/plugin/describe.hpp"
#include "core/plugin/plugin_list.hpp"

namespace coldload {

ExitCode list_command(const Context& context, bool as_json) {
  const auto registry = scan_plugins(context, false);
  if (!registry) return refuse(registry.error());
  print_out(as_json ? list_json(*registry) : list_text(*registry));
  return ExitCode::ok;
}

ExitCode list_plugins_command(const Context& context, bool as_json) {
  const auto registry = scan_plugins(context, false);
  if (!registry) return refuse(registry.error());
  print_out(as_json ? plugin_list_json(*registry) : plugin_list_text(*registry));
  return ExitCode::ok;
}

ExitCode describe_command(const Context& context, const DescribeCommand& command) {
  if (command.component.empty() != command.as_markdown) {
    return refuse({Status::invalid_option,
                   command.as_markdown
                       ? "--markdown is of all components: leave COMPONENT out"
                       : "expected a COMPONENT, such as local, or --markdown; coldload list shows all",
                   0});
  }
  const auto registry = scan_plugins(context, true);
  if (!registry) return refuse(registry.error());
  if (command.as_markdown) {
    print_out(describe_markdown(*registry));
    return ExitCode::ok;
  }
  const auto text = command.as_json ? describe_json(*registry, command.component)
                                    : describe_text(*registry, command.component);
  if (!text) return refuse(text.error());
  print_out(*text);
  return ExitCode::ok;
}

}  // namespace coldload
