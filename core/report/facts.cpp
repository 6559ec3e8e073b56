#include "core/report/facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/base/text.hpp"

namespace coldload {
namespace {

constexpr size_t kIndent = 2;
constexpr size_t kLevelColumns = 9;  // "warning" and a gap
constexpr size_t kWordColumns = 7;   // "cause: "

void add(std::string& out, size_t indent, std::string_view label, size_t label_columns, std::string_view text,
         size_t columns) {
  const size_t lead = indent + label_columns;
  for (const std::string& line : wrapped(printable(text), columns > lead ? columns - lead : 1)) {
    out += fmt::format("{:{}}{:<{}}{}\n", "", indent, label, label_columns, line);
    label = "";
  }
}

size_t count_of(const Facts& facts, FactLevel level) {
  return static_cast<size_t>(std::ranges::count(facts, level, &Fact::level));
}

}  // namespace

std::string render_facts(const Facts& facts, size_t columns) {
  std::vector<std::string_view> subjects;
  for (const Fact& fact : facts) {
    if (std::ranges::find(subjects, fact.subject) == subjects.end()) subjects.emplace_back(fact.subject);
  }
  std::string out;
  for (const std::string_view subject : subjects) {
    out += printable(subject) + "\n";
    for (const Fact& fact : facts) {
      if (fact.subject != subject) continue;
      add(out, kIndent, to_string(fact.level), kLevelColumns, fact.fact, columns);
      constexpr size_t kBelow = kIndent + kLevelColumns;
      if (!fact.cause.empty()) add(out, kBelow, "cause:", kWordColumns, fact.cause, columns);
      if (!fact.fix.empty()) add(out, kBelow, "fix:", kWordColumns, fact.fix, columns);
    }
    out += "\n";
  }
  out += fmt::format("{} ok, {}, {}\n", count_of(facts, FactLevel::ok),
                     counted(count_of(facts, FactLevel::warning), "warning"),
                     counted(count_of(facts, FactLevel::error), "error"));
  return out;
}

}  // namespace coldload
