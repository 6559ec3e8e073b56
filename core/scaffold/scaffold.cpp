#include "core/scaffold/scaffold.hpp"

#include <fmt/format.h>

#include <cctype>
#include <utility>

#include "core/base/file.hpp"
#include "core/plugin/names.hpp"
#include "core/scaffold/sample_model.hpp"
#include "core/scaffold/template_files.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNameBytesMax = 64;

struct TemplateFile {
  std::string name;
  std::string_view text;
};

std::vector<TemplateFile> files_of(const NewPlugin& plugin, const std::string& extension) {
  const bool backend = plugin.kind == PluginKind::backend;
  const bool in_c = plugin.language == PluginLanguage::c;
  namespace files = template_files;
  const std::string_view source = backend ? (in_c ? files::backend_c : files::backend_cpp)
                                          : (in_c ? files::strategy_c : files::strategy_cpp);
  return {{"CMakeLists.txt", files::cmake_lists},
          {plugin.name + "." + extension, source},
          {"scenario.toml", backend ? files::backend_toml : files::strategy_toml},
          {"README.md", backend ? files::backend_md : files::strategy_md}};
}

// "my_store" -> "MyStore"
std::string class_of(const std::string& name) {
  std::string out;
  bool first = true;
  for (const char letter : name) {
    if (letter != '_')
      out += first ? static_cast<char>(std::toupper(static_cast<unsigned char>(letter))) : letter;
    first = letter == '_';
  }
  return out;
}

using Placeholders = std::vector<std::pair<std::string_view, std::string>>;

std::string filled(std::string_view text, const Placeholders& placeholders) {
  std::string out(text);
  for (const auto& [mark, value] : placeholders) {
    for (size_t at = out.find(mark); at != std::string::npos; at = out.find(mark, at + value.size())) {
      out.replace(at, mark.size(), value);
    }
  }
  return out;
}

Result<void> make_directory(const fs::path& path) {
  std::error_code error;
  if (!fs::create_directory(path, error)) {
    const std::string why = error ? error.message() : "it is there already";
    return fail(Status::invalid_option,
                fmt::format("{}: {}; expected a place where it can be made", path.string(), why),
                error.value());
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> write_new_plugin(const NewPlugin& plugin) {
  if (!is_snake_case(plugin.name) || plugin.name.size() > kNameBytesMax) {
    return fail(
        Status::invalid_option,
        fmt::format("\"{}\" is no name of a component: expected lower-case letters, digits and '_', such as "
                    "my_store",
                    plugin.name));
  }
  const std::string extension = plugin.language == PluginLanguage::c ? "c" : "cpp";
  const Placeholders placeholders = {{"@NAME@", plugin.name},
                                     {"@CLASS@", class_of(plugin.name)},
                                     {"@EXTENSION@", extension},
                                     {"@KIND@", plugin.kind == PluginKind::backend ? "backend" : "strategy"},
                                     {"@PREFIX@", plugin.prefix.string()}};
  const fs::path directory = plugin.parent / plugin.name;
  for (const fs::path& each : {directory, directory / "sample", directory / "sample/tiny"}) {
    if (auto made = make_directory(each); !made) return pass(made);
  }
  std::vector<std::string> names;
  for (const TemplateFile& file : files_of(plugin, extension)) {
    const std::string text = filled(file.text, placeholders);
    if (auto written = write_file_atomically(directory / file.name, text); !written) return pass(written);
    names.push_back(file.name);
  }
  if (auto written = write_sample_model(directory / "sample/tiny"); !written) return pass(written);
  names.emplace_back("sample/tiny/");
  return names;
}

}  // namespace coldload
