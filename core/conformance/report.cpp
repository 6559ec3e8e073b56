#include "core/conformance/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace coldload::conformance {
namespace {

constexpr size_t kIdColumns = 28;

bool is_bad(Ending ending) {
  return ending != Ending::passed && ending != Ending::skipped;
}

}  // namespace

std::string result_text(const ContractResult& result) {
  const Attempt& attempt = result.attempt;
  std::string text = fmt::format("{:<9}  {:<{}}  ", to_string(attempt.ending), result.id, kIdColumns);
  if (!result.component.empty()) text += fmt::format("{}: ", result.component);
  text += attempt.ending == Ending::passed ? result.sentence : printable(attempt.detail);
  text += '\n';
  if (!is_bad(attempt.ending)) return text;
  text += fmt::format("{:<9}  {:<{}}  expected: {}\n", "", "", kIdColumns, result.sentence);
  std::istringstream lines(attempt.output);
  for (std::string line; std::getline(lines, line);) {
    text += fmt::format("{:<9}  {:<{}}  printed: {}\n", "", "", kIdColumns, printable(line));
  }
  return text;
}

std::string summary_text(const KitReport& report) {
  std::string text =
      fmt::format("{} contracts: {} passed", report.results.size(), report.count(Ending::passed));
  for (const Ending ending : {Ending::failed, Ending::crashed, Ending::timed_out, Ending::skipped}) {
    if (const size_t count = report.count(ending); count > 0)
      text += fmt::format(", {} {}", count, to_string(ending));
  }
  return text + "\n";
}

std::string report_json(const KitReport& report) {
  json::array contracts;
  for (const ContractResult& result : report.results) {
    contracts.push_back({{"id", result.id},
                         {"component", result.component},
                         {"sentence", result.sentence},
                         {"ending", to_string(result.attempt.ending)},
                         {"detail", json::utf8(result.attempt.detail)},
                         {"output", is_bad(result.attempt.ending) ? json::utf8(result.attempt.output) : ""},
                         {"took_ns", result.attempt.took_ns}});
  }
  return json::dump_pretty(json::object{{"file", json::utf8(report.file.string())},
                                        {"plugin", report.plugin},
                                        {"version", report.version},
                                        {"conforms", report.conforms()},
                                        {"contracts", std::move(contracts)}});
}

std::string contracts_text() {
  std::string text;
  for (const KnownContract& each : known_contracts())
    text += fmt::format("{:<{}}  {}\n", each.id, kIdColumns, each.sentence);
  return text;
}

std::string contracts_json() {
  json::array contracts;
  for (const KnownContract& each : known_contracts())
    contracts.push_back({{"id", each.id}, {"sentence", each.sentence}});
  return json::dump_pretty(contracts);
}

}  // namespace coldload::conformance
