#include "core/report/run_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/base/text.hpp"
#include "core/report/grid.hpp"

namespace coldload {
namespace {

void sort_by_time(std::vector<ListedRun>& runs) {
  std::ranges::sort(runs, [](const ListedRun& a, const ListedRun& b) {
    return std::tie(a.started_at, a.folder) < std::tie(b.started_at, b.folder);
  });
}

}  // namespace

ListedRun listed_run(std::string folder, const ResultDocument& document) {
  ListedRun run;
  run.folder = std::move(folder);
  run.scenario = json::text_or(document.scenario, "name");
  run.started_at = document.started_at;
  run.cases = document.cases.size();
  run.cases_ok = static_cast<size_t>(std::ranges::count(document.cases, CaseStatus::ok, &CaseRecord::status));
  run.runs = document.runs.size();
  run.interrupted = document.interrupted;
  run.finished = document.finished;
  run.ending = ending_in_words(document);
  return run;
}

std::string run_list_text(const std::string& where, std::vector<ListedRun> runs, size_t width) {
  if (runs.empty()) return fmt::format("{}: no run\n", printable(where));
  sort_by_time(runs);
  Grid grid;
  grid.columns = {{"", "started", false}, {"", "scenario", false}, {"", "cases ok", true},
                  {"", "runs", true},     {"", "folder", false},   {"", "", false}};
  for (const ListedRun& run : runs) {
    if (!run.error.empty()) {
      grid.rows.push_back({{"", "", "", "", printable(run.folder), "not readable"}, {printable(run.error)}});
      continue;
    }
    grid.rows.push_back({{printable(run.started_at), printable(run.scenario),
                          fmt::format("{} of {}", run.cases_ok, run.cases), fmt::format("{}", run.runs),
                          printable(run.folder), run.ending},
                         {}});
  }
  return grid_text(grid, width);
}

json::value run_list_json(std::vector<ListedRun> runs) {
  sort_by_time(runs);
  json::array out;
  for (const ListedRun& run : runs) {
    json::object entry{{"folder", json::utf8(run.folder)}};
    if (!run.error.empty()) {
      entry["error"] = json::utf8(run.error);
    } else {
      entry["scenario"] = json::utf8(run.scenario);
      entry["started_at"] = json::utf8(run.started_at);
      entry["cases"] = run.cases;
      entry["cases_ok"] = run.cases_ok;
      entry["runs"] = run.runs;
      entry["interrupted"] = run.interrupted;
      if (!run.finished) entry["finished"] = false;
    }
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace coldload
