#include "core/run/staging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

#include "coldload/backend.h"
#include "coldload/cpp/redaction.hpp"
#include "core/base/nearest.hpp"
#include "core/plugin/written_option.hpp"

namespace coldload {
namespace {

Member option(const std::string& name, std::string text) {
  return {name, {}, Value{std::move(text), {}}};
}

// "s3" of "s3://bucket/prefix", "" of a path.
std::string scheme_of(const std::string& source) {
  const size_t end = source.find("://");
  return end == std::string::npos ? "" : source.substr(0, end);
}

Result<ComponentSpec> directory_spec(const std::string& name, const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (!std::filesystem::is_directory(absolute, error)) {
    return fail(Status::not_found, fmt::format("{}: no such directory", path));
  }
  return ComponentSpec{name, "local", {option("root", absolute.string())}, {}};
}

bool lies_in(const std::filesystem::path& path, const std::filesystem::path& directory) {
  return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first == directory.end();
}

// With the options that the order gives it.
Result<ComponentSpec> with_options(ComponentSpec spec, const std::vector<std::string>& arguments,
                                   const Registry& registry) {
  std::vector<WrittenOption> written;
  for (const std::string& argument : arguments) {
    auto option = read_written_option(argument);
    if (!option) return pass(option);
    if (std::ranges::find(spec.options, option->name, &Member::key) != spec.options.end()) {
      return fail(Status::invalid_option, fmt::format("--option {}: is what SRC says", option->name));
    }
    written.push_back(std::move(*option));
  }
  const auto component = registry.find(COLDLOAD_KIND_BACKEND, spec.component);
  if (!component || written.empty()) return spec;
  auto given = spec_with(*component->table, spec.name, written);
  if (!given) return pass(given);
  std::ranges::move(given->options, std::back_inserter(spec.options));
  return spec;
}

Result<ComponentSpec> stage_source(const std::string& source, const Registry& registry) {
  const std::string scheme = scheme_of(source);
  if (scheme.empty()) return directory_spec("source", source);
  if (scheme == "file") return directory_spec("source", source.substr(scheme.size() + 3));
  std::vector<std::string> known;
  for (const Component& component : registry.components(COLDLOAD_KIND_BACKEND)) {
    for (const char* const* each = component.table->schemes; each != nullptr && *each != nullptr; ++each) {
      if (scheme == *each) return ComponentSpec{"source", component.table->id, {option("url", source)}, {}};
      known.emplace_back(*each);
    }
  }
  return fail(Status::invalid_option,
              fmt::format("{}: no backend reads {}://{}", sdk::without_secrets(source), scheme,
                          suggestion(scheme, known)));
}

}  // namespace

Result<BackendChain> stage_chain(const StageOrder& order, const Registry& registry) {
  auto found = stage_source(order.source, registry);
  if (!found) return pass(found);
  auto source = with_options(std::move(*found), order.source_options, registry);
  if (!source) return pass(source);
  std::error_code error;
  auto destination = std::filesystem::absolute(order.destination, error).lexically_normal();
  if (!destination.has_filename()) destination = destination.parent_path();
  if (!destination.has_filename()) {
    return fail(Status::invalid_option,
                fmt::format("{}: name the directory that the copy shall be", order.destination));
  }
  if (source->component == "local") {
    const std::filesystem::path from = std::get<std::string>(source->options.front().value.data);
    if (lies_in(destination, from) || lies_in(from, destination)) {
      return fail(Status::invalid_option,
                  fmt::format("{} and {}: one lies in the other", from.string(), destination.string()));
    }
  }
  auto target = directory_spec("target", destination.parent_path().string());
  if (!target) return pass(target);
  ComponentSpec staged{"stage", "staged", {option("source", "source"), option("target", "target")}, {}};
  staged.options.push_back(option("directory", destination.filename().string()));
  staged.options.push_back({"keep", {}, Value{true, {}}});
  staged.options.push_back(option("made_by", "stage"));
  if (order.limit_bytes_per_second) {
    staged.options.push_back(option("limit", fmt::format("{} B/s", *order.limit_bytes_per_second)));
  }
  if (order.reserve_bytes)
    staged.options.push_back(option("reserve", fmt::format("{} B", *order.reserve_bytes)));
  if (order.parallel) {
    staged.options.push_back({"parallel", {}, Value{static_cast<int64_t>(*order.parallel), {}}});
  }
  return BackendChain{std::move(*source), std::move(*target), std::move(staged)};
}

}  // namespace coldload
