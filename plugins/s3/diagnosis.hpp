// What the server and this configuration are to each other, for `coldload doctor`.
#pragma once

#include <ctime>
#include <string>

#include "coldload/cpp/diagnose.hpp"
#include "http.hpp"
#include "service.hpp"

namespace coldload::s3 {

// [control-thread] Asks for one key of the listing below `prefix`, and reads no object. Never throws for what
// the server answers: that is a fact. The service is brief from then on.
void diagnose_service(Service& service, const std::string& prefix, sdk::Diagnosis& out);

// How far this machine's clock is from the answer's Date, at `now`; nothing is told without one.
void tell_clock(const ResponseHead& head, std::time_t now, sdk::Diagnosis& out);

}  // namespace coldload::s3
