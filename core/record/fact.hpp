// What `coldload doctor` finds: one fact about one subject.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/result.hpp"

namespace coldload {

enum class FactLevel : uint8_t { ok, warning, error };
// "ok", "warning", "error"
[[nodiscard]] std::string_view to_string(FactLevel level);

struct Fact {
  std::string subject;  // "machine", "backend lake"
  FactLevel level = FactLevel::ok;
  std::string fact;
  std::string cause;  // of a warning or an error; else ""
  std::string fix;    // likewise: what to do about it
  friend bool operator==(const Fact&, const Fact&) = default;
};
using Facts = std::vector<Fact>;

[[nodiscard]] json::value to_json(const Facts& facts);
[[nodiscard]] Result<Facts> facts_from_json(const json::array& document);

}  // namespace coldload
