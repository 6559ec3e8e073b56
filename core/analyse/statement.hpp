// A sentence of a report together with what it rests on.
#pragma once

#include <string>
#include <vector>

namespace coldload {

struct Statement {
  std::string text;
  // What its numbers come from: ids of cases, and paths into the result document ("scenario.policy",
  // "environment.storage"). Never empty: a sentence that rests on nothing is not written.
  std::vector<std::string> basis;
};

}  // namespace coldload
