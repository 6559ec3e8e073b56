// The only file that knows toml++.
#include "core/scenario/parse.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/base/units.hpp"
#include "core/scenario/read.hpp"
#include "core/scenario/toml_shape.hpp"

namespace coldload {
namespace {

class Converter {
 public:
  Converter(std::string_view file, Mistakes& mistakes) : file_(file), mistakes_(mistakes) {}

  ValueTable table(const toml::table& from) {
    ValueTable members;
    if (from.size() > limits::kScenarioTableKeysMax) {
      mistakes_.add(where(from.source()), fmt::format("a table of {} keys, more than the limit of {}",
                                                      from.size(), limits::kScenarioTableKeysMax));
      return members;
    }
    for (const auto& [key, node] : from) {
      members.push_back({std::string(key.str()), where(key.source()), value(node)});
    }
    // toml++ sorts by name; sweeps and messages go in the order of the file.
    std::ranges::sort(members, {},
                      [](const Member& member) { return std::tie(member.where.line, member.where.column); });
    return members;
  }

 private:
  Value value(const toml::node& node) {
    Value out{false, where(node.source())};
    if (const auto* text = node.as_string()) {
      out.data = text->get();
    } else if (const auto* integer = node.as_integer()) {
      out.data = integer->get();
    } else if (const auto* real = node.as_floating_point()) {
      out.data = real->get();
    } else if (const auto* boolean = node.as_boolean()) {
      out.data = boolean->get();
    } else if (const auto* array = node.as_array()) {
      out.data = list(*array);
    } else if (const auto* members = node.as_table()) {
      out.data = table(*members);
    } else {
      mistakes_.add(out.where, "a date or time has no meaning in a scenario; write text in quotes");
    }
    return out;
  }

  ValueList list(const toml::array& from) {
    ValueList elements;
    if (from.size() > limits::kScenarioArrayMax) {
      mistakes_.add(where(from.source()), fmt::format("an array of {} elements, more than the limit of {}",
                                                      from.size(), limits::kScenarioArrayMax));
      return elements;
    }
    for (const toml::node& node : from) elements.push_back(value(node));
    return elements;
  }

  [[nodiscard]] Location where(const toml::source_region& region) const {
    return {std::string(file_), region.begin.line, region.begin.column};
  }

  std::string_view file_;
  Mistakes& mistakes_;
};

// A mistake of grammar ends the reading: toml++ reports the first.
std::expected<ValueTable, Diagnostics> parse_toml(std::string_view text, const std::string& file,
                                                  Mistakes& mistakes) {
  try {
    const toml::table root = toml::parse(text, std::string_view(file));
    return Converter(file, mistakes).table(root);
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    return std::unexpected(Diagnostics{{{file, at.line, at.column}, json::utf8(error.description())}});
  }
}

}  // namespace

std::expected<Scenario, Diagnostics> parse_scenario(std::string text, std::string file,
                                                    std::string base_directory, const Registry& registry) {
  if (text.size() > limits::kScenarioBytesMax) {
    return std::unexpected(Diagnostics{
        {{file, 0, 0}, fmt::format("larger than the limit of {}", format_bytes(limits::kScenarioBytesMax))}});
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return std::unexpected(Diagnostics{{{file, 0, 0}, "is empty; a scenario starts with \"schema = 1\""}});
  }
  if (auto refused = check_toml_shape(text, file)) return std::unexpected(Diagnostics{*refused});
  Mistakes mistakes;
  const auto tables = parse_toml(text, file, mistakes);
  if (!tables) return std::unexpected(tables.error());
  return read_tables(*tables, {std::move(text), std::move(file), std::move(base_directory)}, registry,
                     std::move(mistakes));
}

std::expected<Scenario, Diagnostics> read_scenario(const std::filesystem::path& path,
                                                   const Registry& registry) {
  const bool standard_input = path == "-";
  auto text = read_small_file(path, limits::kScenarioBytesMax);
  if (!text) return std::unexpected(Diagnostics{{{}, text.error().message}});
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  const std::filesystem::path here = std::filesystem::current_path(error);
  if (error) return std::unexpected(Diagnostics{{{}, "the current directory: " + error.message()}});
  const std::filesystem::path base = standard_input ? here : absolute.parent_path().lexically_normal();
  return parse_scenario(std::move(*text), standard_input ? "<stdin>" : path.string(), base.string(),
                        registry);
}

}  // namespace coldload
