// A contract is one thing a plugin promises: an id, the promise as a sentence, and the check that finds out.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace coldload::conformance {

// What a check throws when the contract does not hold: how that showed, with the numbers.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a check throws when there is nothing to hold the plugin to: the capability that is not claimed, the
// extension that is not offered, what this machine lacks.
class Inapplicable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <typename... Arguments>
[[noreturn]] void broken(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  throw Broken(fmt::format(format, std::forward<Arguments>(arguments)...));
}

template <typename... Arguments>
[[noreturn]] void inapplicable(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  throw Inapplicable(fmt::format(format, std::forward<Arguments>(arguments)...));
}

struct Subject;

struct Contract {
  const char* id;        // "backend.read_edges"; stable, for --only and for names of tests
  const char* sentence;  // what is promised, without a final period
  // Returns where it holds. Runs in a process of its own, which ends with it: nothing needs tidying up there
  // but what outlives a process.
  void (*check)(const Subject& subject);
  uint64_t limit_ms = 30'000;  // after which the process is killed
};

// In the order they are run. A kind of component has one list; a new kind adds its own in kinds.cpp.
[[nodiscard]] std::span<const Contract> library_contracts();
[[nodiscard]] std::span<const Contract> backend_contracts();
[[nodiscard]] std::span<const Contract> strategy_contracts();

}  // namespace coldload::conformance
