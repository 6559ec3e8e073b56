// What the process's exit status tells a script.
#pragma once

namespace coldload {

enum class ExitCode : int {
  ok = 0,
  internal = 1,
  usage = 2,        // or a scenario with mistakes, or a directory that is not there
  environment = 3,  // unfit, or no case could run
  case_failed = 4,
  integrity = 5,
  expectation_broken = 99,
  interrupted = 130,
};

}  // namespace coldload
