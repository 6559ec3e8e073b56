// What the tests of core/plugin share: the test plugins' files, a host that notes what it is told, option
// tables.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/value.hpp"
#include "core/plugin/host.hpp"
#include "core/plugin/registry.hpp"

namespace coldload {

inline std::filesystem::path test_plugin(const std::string& name) {
  return std::filesystem::path(COLDLOAD_TEST_PLUGIN_DIR) / (name + ".so");
}

inline std::string refusal_of(const Registry& registry, const std::filesystem::path& file) {
  for (const RefusedPlugin& refused : registry.refused()) {
    if (refused.file == file) return refused.reason;
  }
  return "(not refused)";
}

class NotingHost : public HostServices {
 public:
  void log(uint32_t level, std::string_view message) override { logged.emplace_back(level, message); }
  void record(std::string_view tag, std::string_view unit, double value) override {
    metrics[std::string(tag) + " " + std::string(unit)] = value;
  }
  void evidence(const coldload_evidence& evidence) override {
    const bool text = evidence.type == COLDLOAD_OPTION_STRING;
    noted[evidence.key] = text ? evidence.as.text : std::to_string(evidence.as.integer);
  }
  void disturbed(std::string_view reason) override { reasons.emplace_back(reason); }
  [[nodiscard]] bool cancelled() const override { return stop; }

  std::vector<std::pair<uint32_t, std::string>> logged;
  std::map<std::string, double> metrics;
  std::map<std::string, std::string> noted;
  std::vector<std::string> reasons;
  bool stop = false;
};

inline Value written(std::variant<bool, int64_t, double, std::string, ValueList, ValueTable> data) {
  return {std::move(data), {"x.toml", 14, 9}};
}
inline Value text(std::string data) {
  return written(std::move(data));
}
inline Value whole(int64_t data) {
  return written(data);
}
inline Member member(std::string key, Value value) {
  return {std::move(key), {"x.toml", 14, 1}, std::move(value)};
}

}  // namespace coldload
