// Which contracts hold for which kind of component.
#pragma once

#include <span>
#include <string_view>

#include "core/conformance/contract.hpp"

namespace coldload::conformance {

struct KindOfComponent {
  std::string_view id;    // COLDLOAD_KIND_…
  std::string_view word;  // "backend": the first part of its contracts' ids
  std::span<const Contract> (*contracts)();
};

[[nodiscard]] std::span<const KindOfComponent> kinds_of_components();

}  // namespace coldload::conformance
