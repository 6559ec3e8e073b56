// Contracts of the file as a whole, before any component is looked at.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <string_view>

#include "core/base/file.hpp"
#include "core/conformance/contract.hpp"
#include "core/conformance/elf_symbols.hpp"
#include "core/conformance/self.hpp"
#include "core/conformance/subject.hpp"
#include "core/plugin/call.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/options.hpp"
#include "core/plugin/plugin_table.hpp"

namespace coldload::conformance {
namespace {

constexpr uint64_t kLoadNsMax = 1'000'000'000;

const coldload_plugin& opened(const std::filesystem::path& file) {
  const auto plugin = open_plugin_unchecked(file);
  if (!plugin) broken("{}", plugin.error().message);
  return **plugin;
}

void one_symbol(const Subject& subject) {
  const auto names = exported_symbols(subject.file);
  if (!names) broken("{}", names.error().message);
  if (std::ranges::find(*names, COLDLOAD_PLUGIN_SYMBOL) == names->end()) {
    broken("does not export {}", COLDLOAD_PLUGIN_SYMBOL);
  }
  const auto other =
      std::ranges::find_if(*names, [](const auto& name) { return name != COLDLOAD_PLUGIN_SYMBOL; });
  if (other != names->end()) {
    broken(
        "exports {} symbols besides {}, such as {}: link it with the export map, "
        "-Wl,--version-script=$(pkg-config --variable=exportmap coldload)",
        names->size() - 1, COLDLOAD_PLUGIN_SYMBOL, *other);
  }
}

void opens(const Subject& subject) {
  (void)opened(subject.file);
}

void load_time(const Subject& subject) {
  const uint64_t began_ns = now_ns();
  (void)opened(subject.file);
  const uint64_t took_ns = now_ns() - began_ns;
  if (took_ns > kLoadNsMax) {
    broken("opening it took {:.1f} s, above 1 s: constructors have work in them",
           static_cast<double>(took_ns) / 1e9);
  }
}

void quiet_load(const Subject& subject) {
  const size_t threads_before = thread_count();
  constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGABRT, SIGTERM, SIGINT, SIGPIPE, SIGCHLD};
  const auto handlers = [&] {
    std::array<struct sigaction, kSignals.size()> found{};
    for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], nullptr, &found[i]);
    return found;
  };
  const auto before = handlers();
  (void)opened(subject.file);
  if (thread_count() > threads_before) broken("opening it started a thread");
  if (::lseek(STDOUT_FILENO, 0, SEEK_END) > 0) broken("opening it printed something");
  const auto after = handlers();
  for (size_t i = 0; i < kSignals.size(); ++i) {
    if (before[i].sa_handler != after[i].sa_handler)
      broken("opening it changed what SIG{} does", sigabbrev_np(kSignals[i]));
  }
}

void version(const Subject& subject) {
  if (auto checked = check_plugin_version(opened(subject.file)); !checked)
    broken("{}", checked.error().message);
}

const coldload_plugin& of_this_version(const Subject& subject) {
  const coldload_plugin& plugin = opened(subject.file);
  if (!check_plugin_version(plugin)) inapplicable("of another ABI's tables nothing is known");
  return plugin;
}

void options(const Subject& subject) {
  const coldload_plugin& plugin = of_this_version(subject);
  if (plugin.struct_size < sizeof plugin || plugin.components == nullptr)
    inapplicable("its table is cut short");
  for (uint32_t i = 0; i < plugin.component_count; ++i) {
    const coldload_component* component = plugin.components[i];
    if (component == nullptr || component->struct_size < sizeof *component) continue;
    if (auto checked = check_option_table(*component); !checked) {
      broken("component {}: {}", component->id == nullptr ? "without an id" : component->id,
             checked.error().message);
    }
  }
}

void tables(const Subject& subject) {
  if (auto checked = check_plugin_table(of_this_version(subject)); !checked)
    broken("{}", checked.error().message);
}

// A plugin is opened twice where two search paths name it, and beside an older copy of itself.
void second_load(const Subject& subject) {
  const coldload_plugin& first = of_this_version(subject);
  const std::string id = first.id;
  if (&opened(subject.file) != &first) broken("opened again it gave another table");
  const std::filesystem::path copy = subject.samples / "copy.so";
  std::error_code error;
  std::filesystem::copy_file(subject.file, copy, std::filesystem::copy_options::overwrite_existing, error);
  if (error) inapplicable("no copy of it could be made: {}", error.message());
  const coldload_plugin& second = opened(copy);
  if (id != second.id)
    broken("a copy of it opened beside it gave the id \"{}\", expected \"{}\"", second.id, id);
  if (auto checked = check_plugin_table(second); !checked)
    broken("a copy opened beside it: {}", checked.error().message);
  if (auto checked = check_plugin_table(first); !checked) {
    broken("after a copy was opened beside it: {}", checked.error().message);
  }
}

void init(const Subject& subject) {
  const coldload_plugin& plugin = of_this_version(subject);
  if (plugin.init == nullptr) inapplicable("it has no init()");
  if (auto ready = initialise_plugin(plugin); !ready) broken("init() failed: {}", ready.error().message);
  if (plugin.deinit != nullptr) plugin.deinit();
}

constexpr std::array kContracts = {
    Contract{"library.one_symbol", "the file exports coldload_plugin_v1 and nothing else", &one_symbol},
    Contract{"library.opens", "the dynamic linker opens the file, with every symbol resolved", &opens, 5'000},
    Contract{"library.load_time", "opening it takes less than a second", &load_time, 5'000},
    Contract{"library.quiet", "opening it starts no thread, prints nothing and changes no signal's handling",
             &quiet_load, 5'000},
    Contract{"library.version", "it was built for this host's ABI", &version},
    Contract{"library.options", "every option's name, type, default, range and choices fit each other",
             &options},
    Contract{"library.descriptors",
             "plugin and components say what they are, and have the functions they need", &tables},
    Contract{"library.second_load", "opened again, and as a copy beside itself, it gives the same tables",
             &second_load},
    Contract{"library.init", "init() succeeds and deinit() returns", &init},
};

}  // namespace

std::span<const Contract> library_contracts() {
  return kContracts;
}

}  // namespace coldload::conformance
