// Any bytes are a scenario or a bounded list of what is wrong with them.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/base/limits.hpp"
#include "core/scenario/parse.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const coldload::Registry registry = coldload::Registry::load({COLDLOAD_TESTS_COMPONENTS});
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto scenario = coldload::parse_scenario(text, "fuzz.toml", "/", registry);
  if (scenario) {
    if (scenario->backends.empty() || scenario->strategies.empty() || scenario->comparisons.empty())
      std::abort();
    return 0;
  }
  const coldload::Diagnostics& mistakes = scenario.error();
  if (mistakes.empty() || mistakes.size() > coldload::limits::kDiagnosticsMax + 1) std::abort();
  for (const coldload::Diagnostic& mistake : mistakes) {
    if (mistake.message.empty()) std::abort();
  }
  return 0;
}
