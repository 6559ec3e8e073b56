#include "core/conformance/kinds.hpp"

#include <array>

#include "coldload/backend.h"
#include "coldload/strategy.h"

namespace coldload::conformance {

std::span<const KindOfComponent> kinds_of_components() {
  static constexpr std::array kKinds = {
      KindOfComponent{COLDLOAD_KIND_BACKEND, "backend", &backend_contracts},
      KindOfComponent{COLDLOAD_KIND_STRATEGY, "strategy", &strategy_contracts},
  };
  return kKinds;
}

}  // namespace coldload::conformance
