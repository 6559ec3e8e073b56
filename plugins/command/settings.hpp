// What the options mean, checked as far as they can be without the model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coldload/cpp/options.hpp"
#include "phases.hpp"

namespace coldload::command {

// How a program says that it is ready.
enum class Ready { exit, http, line };

[[nodiscard]] const char* to_string(Ready ready);

struct Variable {
  std::string name;
  std::string value;
};

struct Settings {
  std::vector<std::string> argv;  // placeholders not yet replaced
  uint16_t port = 0;              // 0: a free one is chosen
  Ready ready = Ready::exit;
  std::string health;      // path, with Ready::http
  std::string ready_line;  // pattern, with Ready::line
  uint64_t ready_timeout_ns = 0;
  uint64_t poll_ns = 0;
  uint64_t stop_grace_ns = 0;
  std::vector<PhasePattern>
      phases;                 // the preset's, then the scenario's; of two with one name the later counts
  std::vector<Variable> env;  // set over the inherited environment
};

// Throws COLDLOAD_INVALID_OPTION with what does not go together.
[[nodiscard]] Settings settings_from(const sdk::Options& options);

// `text` with {model} and {port} replaced; every other brace stays as it is: JSON is a common argument.
[[nodiscard]] std::string replace_placeholders(const std::string& text, const std::string& model,
                                               uint16_t port);

// Whether a variable of this name holds a credential, as far as its name tells.
[[nodiscard]] bool is_secret_name(const std::string& name);

}  // namespace coldload::command
