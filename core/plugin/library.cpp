#include "core/plugin/library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <boost/dll/shared_library.hpp>
#include <exception>
#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/plugin/plugin_table.hpp"

namespace coldload {
namespace {

// Boost.DLL puts the dynamic linker's sentence, which alone says what is wrong, between these two; its error
// code is a stale errno.
std::string reason_in(std::string_view what, const std::filesystem::path& file) {
  constexpr std::string_view kBefore = "(dlerror system message: ";
  const size_t start = what.find(kBefore);
  if (start == std::string_view::npos) return fmt::format("threw while loading: {}", what);
  what.remove_prefix(start + kBefore.size());
  what = what.substr(0, what.rfind(')'));
  const std::string named = file.string() + ": ";
  if (what.starts_with(named)) what.remove_prefix(named.size());
  return fmt::format("cannot be opened: {}", what);
}

}  // namespace

Result<const coldload_plugin*> open_plugin_unchecked(const std::filesystem::path& file) {
  // RTLD_NODELETE, which Boost.DLL has no name for: components' tables are used until exit. Symbols are
  // resolved now, so that a missing one refuses the plugin instead of ending a run.
  constexpr unsigned kMode =
      static_cast<unsigned>(boost::dll::load_mode::rtld_now) | static_cast<unsigned>(RTLD_NODELETE);
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): passed on to dlopen() as it is
  const auto mode = static_cast<boost::dll::load_mode::type>(kMode);
  try {
    const boost::dll::shared_library library(file, mode);
    if (!library.has(COLDLOAD_PLUGIN_SYMBOL)) {
      return fail(Status::unsupported,
                  fmt::format("exports no symbol {}: not a coldload plugin", COLDLOAD_PLUGIN_SYMBOL));
    }
    return &library.get<const coldload_plugin>(COLDLOAD_PLUGIN_SYMBOL);
  } catch (const std::exception& thrown) {
    return fail(Status::unsupported, json::utf8(reason_in(thrown.what(), file)));
  } catch (...) {
    return fail(Status::unsupported, "threw while loading");
  }
}

Result<const coldload_plugin*> open_plugin(const std::filesystem::path& file) {
  auto plugin = open_plugin_unchecked(file);
  if (!plugin) return plugin;
  if (auto checked = check_plugin_table(**plugin); !checked) return pass(checked);
  return plugin;
}

}  // namespace coldload
