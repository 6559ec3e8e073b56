#include "core/model/numbering.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <tuple>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

// "model-", 5 digits, "-of-00004.safetensors", 4: of what a numbered shard is one.
using Series = std::tuple<std::string_view, size_t, std::string_view, uint64_t>;

std::optional<Series> series_of(std::string_view name) {
  const size_t of = name.rfind("-of-");
  const size_t dot = name.rfind(".safetensors");
  if (of == 0 || of == std::string_view::npos || dot == std::string_view::npos) return std::nullopt;
  const size_t dash = name.rfind('-', of - 1);
  if (dash == std::string_view::npos || dot < of + 5) return std::nullopt;
  uint64_t count = 0;
  const auto parsed = std::from_chars(name.data() + of + 4, name.data() + dot, count);
  if (parsed.ec != std::errc{} || parsed.ptr != name.data() + dot || count > limits::kObjectsMax) {
    return std::nullopt;
  }
  return Series{name.substr(0, dash + 1), of - dash - 1, name.substr(of), count};
}

}  // namespace

std::vector<std::string> missing_by_number(const std::vector<std::string_view>& names,
                                           const std::function<bool(std::string_view)>& holds) {
  std::set<Series> series;
  for (const std::string_view name : names) {
    if (const auto found = series_of(name)) series.insert(*found);
  }
  std::set<std::string> missing;
  for (const auto& [stem, digits, end, count] : series) {
    for (uint64_t number = 1; number <= count && missing.size() <= limits::kInconsistenciesMax; ++number) {
      std::string sibling = fmt::format("{}{:0{}}{}", stem, number, digits, end);
      if (!holds(sibling)) missing.insert(std::move(sibling));
    }
  }
  return {missing.begin(), missing.end()};
}

}  // namespace coldload
