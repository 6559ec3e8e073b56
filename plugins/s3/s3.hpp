// What the extensions need of the backend.
#pragma once

#include "coldload/cpp/backend.hpp"
#include "service.hpp"

namespace coldload::s3 {

class ServiceBackend : public sdk::Backend {
 public:
  [[nodiscard]] virtual Service& service() = 0;
};

}  // namespace coldload::s3
