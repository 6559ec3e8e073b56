#include "core/record/fact.hpp"

#include <array>
#include <utility>

namespace coldload {
namespace {

constexpr std::array<std::pair<FactLevel, std::string_view>, 3> kLevels = {{
    {FactLevel::ok, "ok"},
    {FactLevel::warning, "warning"},
    {FactLevel::error, "error"},
}};

}  // namespace

std::string_view to_string(FactLevel level) {
  return kLevels[static_cast<size_t>(level)].second;
}

json::value to_json(const Facts& facts) {
  json::array out;
  for (const Fact& fact : facts) {
    out.push_back(json::object{{"subject", json::utf8(fact.subject)},
                               {"level", to_string(fact.level)},
                               {"fact", json::utf8(fact.fact)},
                               {"cause", json::utf8(fact.cause)},
                               {"fix", json::utf8(fact.fix)}});
  }
  return out;
}

Result<Facts> facts_from_json(const json::array& document) {
  Facts facts;
  for (const json::value& element : document) {
    const json::object* from = element.if_object();
    if (from == nullptr) return fail(Status::internal, "the worker's facts hold something else");
    Fact fact;
    bool known = false;
    for (const auto& [level, name] : kLevels) {
      if (name != json::text_or(*from, "level")) continue;
      fact.level = level;
      known = true;
    }
    if (!known) return fail(Status::internal, "the worker's facts hold one without a level");
    fact.subject = json::text_or(*from, "subject");
    fact.fact = json::text_or(*from, "fact");
    fact.cause = json::text_or(*from, "cause");
    fact.fix = json::text_or(*from, "fix");
    facts.push_back(std::move(fact));
  }
  return facts;
}

}  // namespace coldload
