#include "core/base/nearest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace coldload {

size_t edit_distance(std::string_view a, std::string_view b, Wildcards wildcards) {
  const bool glob = wildcards == Wildcards::in_first;
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    const char c = a[i - 1];
    const bool star = glob && c == '*';
    row[0] = last[0] + (star ? 0 : 1);
    for (size_t j = 1; j <= b.size(); ++j) {
      if (star) {
        row[j] = std::min(last[j], row[j - 1]);
        continue;
      }
      const bool same = c == b[j - 1] || (glob && c == '?');
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && c == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::optional<std::string> nearest_name(std::string_view misspelt, std::span<const std::string> known) {
  constexpr size_t kComparedBytesMax = 256;
  if (misspelt.size() > kComparedBytesMax) return std::nullopt;
  const std::string* best = nullptr;
  size_t best_distance = 0;
  for (const std::string& name : known) {
    const size_t distance = edit_distance(misspelt, name);
    const size_t allowed = std::max<size_t>(1, std::max(name.size(), misspelt.size()) / 3);
    if (distance > allowed) continue;
    if (best == nullptr || distance < best_distance) {
      best = &name;
      best_distance = distance;
    }
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::string suggestion(std::string_view misspelt, std::span<const std::string> known) {
  if (const auto near = nearest_name(misspelt, known)) return fmt::format("; did you mean \"{}\"?", *near);
  if (known.empty()) return {};
  return fmt::format("; known are {}", fmt::join(known, ", "));
}

}  // namespace coldload
