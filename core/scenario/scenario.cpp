#include "core/scenario/scenario.hpp"

#include <algorithm>
#include <array>

namespace coldload {
namespace {

constexpr std::array<std::pair<CacheState, std::string_view>, 4> kCacheStates = {{
    {CacheState::cold, "cold"},
    {CacheState::warm, "warm"},
    {CacheState::as_is, "as-is"},
    {CacheState::first_start, "first-start"},
}};

}  // namespace

std::string_view to_string(CacheState state) {
  for (const auto& [known, name] : kCacheStates) {
    if (known == state) return name;
  }
  return "unknown";
}

std::optional<CacheState> cache_state_from(std::string_view text) {
  for (const auto& [state, name] : kCacheStates) {
    if (name == text) return state;
  }
  return std::nullopt;
}

std::vector<std::string> cache_state_names() {
  std::vector<std::string> names;
  for (const auto& [state, name] : kCacheStates) names.emplace_back(name);
  return names;
}

std::vector<std::string> destination_names() {
  return {"stream", "host"};
}

const std::string& ModelSpec::path_on(std::string_view backend) const {
  const auto own = std::ranges::find(backend_paths, backend, &BackendPath::backend);
  return own == backend_paths.end() ? path : own->path;
}

const Location& ModelSpec::path_where_on(std::string_view backend) const {
  const auto own = std::ranges::find(backend_paths, backend, &BackendPath::backend);
  return own == backend_paths.end() ? path_where : own->where;
}

// Remembers the last star and where it was tried: linear in memory, and never exponential in stars.
bool glob_matches(std::string_view glob, std::string_view text) {
  size_t at = 0;
  size_t in_glob = 0;
  size_t star = std::string_view::npos;
  size_t star_at = 0;
  while (at < text.size()) {
    if (in_glob < glob.size() && glob[in_glob] == '*') {
      star = in_glob++;
      star_at = at;
    } else if (in_glob < glob.size() && (glob[in_glob] == '?' || glob[in_glob] == text[at])) {
      ++in_glob;
      ++at;
    } else if (star != std::string_view::npos) {
      in_glob = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  while (in_glob < glob.size() && glob[in_glob] == '*') ++in_glob;
  return in_glob == glob.size();
}

}  // namespace coldload
