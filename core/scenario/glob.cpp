#include "core/scenario/glob.hpp"

#include <algorithm>

#include "core/base/nearest.hpp"

namespace coldload {
namespace {

// Whether `part`, which has no '*', matches `text` at its beginning.
bool begins_with(std::string_view text, std::string_view part) {
  if (text.size() < part.size()) return false;
  for (size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '?' && part[i] != text[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::string>> glob_captures(std::string_view glob, std::string_view text) {
  std::vector<std::string> captures;
  size_t star = glob.find('*');
  if (star == std::string_view::npos) {
    return text.size() == glob.size() && begins_with(text, glob) ? std::optional(captures) : std::nullopt;
  }
  if (!begins_with(text, glob.substr(0, star))) return std::nullopt;
  text.remove_prefix(star);
  glob.remove_prefix(star + 1);
  while ((star = glob.find('*')) != std::string_view::npos) {
    const std::string_view part = glob.substr(0, star);
    size_t at = 0;
    while (at <= text.size() && !begins_with(text.substr(at), part)) ++at;
    if (at > text.size()) return std::nullopt;
    captures.emplace_back(text.substr(0, at));
    text.remove_prefix(at + part.size());
    glob.remove_prefix(star + 1);
  }
  if (text.size() < glob.size() || !begins_with(text.substr(text.size() - glob.size()), glob)) {
    return std::nullopt;
  }
  captures.emplace_back(text.substr(0, text.size() - glob.size()));
  return captures;
}

std::optional<std::string> nearest_to_glob(std::string_view glob, std::span<const std::string> texts) {
  constexpr size_t kComparedBytesMax = 256;
  if (glob.size() > kComparedBytesMax) return std::nullopt;
  const auto written = glob.size() - static_cast<size_t>(std::ranges::count(glob, '*'));
  const std::string* best = nullptr;
  size_t best_distance = std::max<size_t>(1, written / 3) + 1;
  for (const std::string& text : texts) {
    const size_t distance = edit_distance(glob, text, Wildcards::in_first);
    if (distance >= best_distance) continue;
    best = &text;
    best_distance = distance;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

}  // namespace coldload
