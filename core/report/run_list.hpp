// `coldload list runs`: the runs below a folder, one a line.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/record/document.hpp"

namespace coldload {

struct ListedRun {
  std::string folder;
  std::string error;  // why it cannot be read; then the rest is empty
  std::string scenario;
  std::string started_at;
  size_t cases = 0;
  size_t cases_ok = 0;
  size_t runs = 0;  // that took place, verifying ones too
  bool interrupted = false;
  bool finished = true;
  std::string ending;  // "interrupted", "not finished", ""
};

[[nodiscard]] ListedRun listed_run(std::string folder, const ResultDocument& document);

// The oldest first; ends with a newline. Of no run it is a sentence. `where` names the folder that was looked
// through.
[[nodiscard]] std::string run_list_text(const std::string& where, std::vector<ListedRun> runs, size_t width);
[[nodiscard]] json::value run_list_json(std::vector<ListedRun> runs);

}  // namespace coldload
