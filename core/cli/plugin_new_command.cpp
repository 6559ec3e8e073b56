#include <fmt/format.h>

#include <filesystem>

#include "coldload/backend.h"
#include "coldload/strategy.h"
#include "core/cli/commands.hpp"
#include "core/scaffold/scaffold.hpp"

namespace coldload {
namespace {

// The commands of its README, from where it was called.
std::string first_steps(const NewPlugin& plugin, const std::vector<std::string>& files) {
  std::string text = fmt::format("{}:", (plugin.parent / plugin.name).string());
  for (const std::string& file : files) text += " " + file;
  text += fmt::format(
      "\n\n    cd {0}\n"
      "    cmake -B build -D CMAKE_PREFIX_PATH={1}\n"
      "    cmake --build build\n"
      "    coldload plugin check build/coldload_{0}.so\n"
      "    coldload --plugin \"$PWD/build/coldload_{0}.so\" run scenario.toml\n\n"
      "README.md goes on from there.\n",
      plugin.name, plugin.prefix.string());
  return text;
}

}  // namespace

ExitCode plugin_new_command(const Context& context, const PluginNewCommand& command) {
  const auto registry = scan_plugins(context, false);
  if (!registry) return refuse(registry.error());
  const bool backend = command.kind == "backend";
  if (const auto taken =
          registry->find(backend ? COLDLOAD_KIND_BACKEND : COLDLOAD_KIND_STRATEGY, command.name)) {
    return refuse({Status::invalid_option,
                   fmt::format("there is a {} \"{}\" already, of {}: choose another name", command.kind,
                               command.name, taken->file.string()),
                   0});
  }
  std::error_code error;
  NewPlugin plugin;
  plugin.name = command.name;
  plugin.kind = backend ? PluginKind::backend : PluginKind::strategy;
  plugin.language = command.language == "c" ? PluginLanguage::c : PluginLanguage::cpp;
  plugin.parent = std::filesystem::current_path(error);
  if (error) return refuse({Status::io_error, "the current directory: " + error.message(), error.value()});
  plugin.prefix = context.executable.parent_path().parent_path();
  const auto files = write_new_plugin(plugin);
  if (!files) return refuse(files.error());
  print_out(first_steps(plugin, *files));
  return ExitCode::ok;
}

}  // namespace coldload
