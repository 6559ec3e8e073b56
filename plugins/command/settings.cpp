#include "settings.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "coldload/cpp/failure.hpp"

namespace coldload::command {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw sdk::Failure(COLDLOAD_INVALID_OPTION, message);
}

bool mentions(const std::vector<std::string>& texts, const std::string& placeholder) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return text.find(placeholder) != std::string::npos; });
}

Ready ready_of(const std::string& choice, const Settings& settings) {
  if (choice == "exit") return Ready::exit;
  if (choice == "http") return Ready::http;
  if (choice == "line") return Ready::line;
  if (!settings.ready_line.empty() && !settings.health.empty()) {
    refuse("health and ready_line are both given: ready says which of them counts");
  }
  if (!settings.ready_line.empty()) return Ready::line;
  return settings.health.empty() ? Ready::exit : Ready::http;
}

void check_http(const Settings& settings) {
  if (settings.health.empty())
    refuse("ready = \"http\" needs health, the path to ask for, such as \"/health\"");
  const bool printable = std::all_of(settings.health.begin(), settings.health.end(),
                                     [](unsigned char byte) { return byte > 0x20 && byte < 0x7f; });
  if (settings.health[0] != '/' || !printable) {
    refuse("health is \"" + settings.health + "\": a path begins with '/' and has no spaces");
  }
  std::vector<std::string> told = settings.argv;
  for (const Variable& variable : settings.env) told.push_back(variable.value);
  if (settings.port == 0 && !mentions(told, "{port}")) {
    refuse(
        "a free port is chosen, and neither argv nor env has {port}: nobody tells the program which; put "
        "{port} "
        "there, or set port");
  }
}

std::vector<Variable> variables(const std::vector<std::string>& pairs) {
  std::vector<Variable> out;
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    const std::string& name = pairs[i];
    if (name.empty() || name.find('=') != std::string::npos)
      refuse("env: \"" + name + "\" is no variable's name");
    if (is_secret_name(name)) {
      refuse("env sets " + name +
             ": no credential stands in a scenario; set it where coldload is started, the program "
             "inherits it");
    }
    out.push_back({name, pairs[i + 1]});
  }
  return out;
}

std::vector<PhasePattern> phase_patterns(const std::string& preset, const std::vector<std::string>& pairs) {
  std::vector<PhasePattern> out = preset_phases(preset);
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    check_phase(pairs[i], pairs[i + 1]);
    std::erase_if(out, [&](const PhasePattern& known) { return known.name == pairs[i]; });
    out.push_back({pairs[i], pairs[i + 1]});
  }
  return out;
}

}  // namespace

const char* to_string(Ready ready) {
  switch (ready) {
    case Ready::exit:
      return "exit";
    case Ready::http:
      return "http";
    case Ready::line:
      break;
  }
  return "line";
}

Settings settings_from(const sdk::Options& options) {
  const std::string preset = options.choice("preset");
  Settings settings;
  settings.argv = options.list("argv");
  if (settings.argv.empty() || settings.argv[0].empty()) {
    refuse("argv is empty: it names a program and its arguments, [\"program\", \"--model\", \"{model}\"]");
  }
  settings.port = static_cast<uint16_t>(options.integer("port"));
  settings.health = options.text("health");
  settings.ready_line = options.text("ready_line");
  if (preset == "vllm" && settings.health.empty() && settings.ready_line.empty()) settings.health = "/health";
  settings.env = variables(options.list("env"));
  settings.ready = ready_of(options.choice("ready"), settings);
  if (settings.ready == Ready::http) check_http(settings);
  if (settings.ready == Ready::line) {
    if (settings.ready_line.empty()) refuse("ready = \"line\" needs ready_line, the pattern of that line");
    static_cast<void>(compiled("ready_line", settings.ready_line));
  }
  settings.ready_timeout_ns = options.duration_ns("ready_timeout");
  settings.poll_ns = options.duration_ns("poll");
  settings.stop_grace_ns = options.duration_ns("stop_grace");
  settings.phases = phase_patterns(preset, options.list("phases"));
  return settings;
}

std::string replace_placeholders(const std::string& text, const std::string& model, uint16_t port) {
  const std::string values[] = {model, std::to_string(port)};
  const std::string names[] = {"{model}", "{port}"};
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto* found = std::find_if(std::begin(names), std::end(names), [&](const std::string& name) {
      return text.compare(at, name.size(), name) == 0;
    });
    if (found == std::end(names)) {
      out += text[at++];
    } else {
      out += values[found - names];
      at += found->size();
    }
  }
  return out;
}

// By whole words between underscores: TOKENIZERS_PARALLELISM is none, AWS_SECRET_ACCESS_KEY and API_KEY are.
bool is_secret_name(const std::string& name) {
  constexpr std::string_view kWords[] = {"TOKEN",      "SECRET",      "PASSWORD", "PASSWD",
                                         "CREDENTIAL", "CREDENTIALS", "APIKEY",   "KEY"};
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char byte) { return std::toupper(byte); });
  for (size_t at = 0; at <= upper.size();) {
    const size_t end = std::min(upper.find('_', at), upper.size());
    const std::string_view word = std::string_view(upper).substr(at, end - at);
    if (std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords)) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace coldload::command
