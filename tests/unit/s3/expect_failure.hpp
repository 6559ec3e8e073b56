// What something throws.
#pragma once

#include <string>

#include "coldload/cpp/failure.hpp"

namespace coldload::s3 {

// The message of the Failure that `body` throws, or what happened instead.
template <typename Body>
std::string failure_of(Body&& body, coldload_status* status = nullptr) {
  try {
    body();
  } catch (const sdk::Failure& failure) {
    if (status != nullptr) *status = failure.status();
    return failure.what();
  }
  return "nothing was thrown";
}

}  // namespace coldload::s3
