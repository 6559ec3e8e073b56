// The keys below a prefix, page after page.
#pragma once

#include <string>

#include "coldload/cpp/backend.hpp"
#include "listing.hpp"
#include "service.hpp"

namespace coldload::s3 {

// [control-thread] Every object below `prefix`, keys relative to the url's prefix; folder markers (keys that
// end in '/') are left out. Throws NOT_FOUND if nothing is there, UNSUPPORTED beyond 1 000 000 keys and for a
// key that fault_of_listed_key() names, INTEGRITY for one that is listed twice.
void list_objects(Service& service, const std::string& prefix, const sdk::ListCallback& callback);

// [control-thread] Asks for one key below `prefix`, and gives the answer's head. Throws unless it is a
// listing; one without a key is.
[[nodiscard]] ResponseHead list_first_key(Service& service, const std::string& prefix);

}  // namespace coldload::s3
