// What a response to a HEAD or a ranged GET must be, checked strictly: a transport reports success for a
// short body, for a 200 to a Range and for another range than the one asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http.hpp"

namespace coldload::s3 {

// What an object was when it was opened.
struct Identity {
  uint64_t size_bytes = 0;
  std::string etag;           // With its quotes; "" if the server gave none.
  std::string last_modified;  // As the server wrote it; "" if it gave none.

  // What changes when the object does; "" if nothing told tells it.
  [[nodiscard]] const std::string& version() const { return etag.empty() ? last_modified : etag; }
};
// Of a HEAD's response with status 200. Nothing if it tells no length.
[[nodiscard]] std::optional<Identity> identity_of(const ResponseHead& head);

struct WantedRange {
  uint64_t offset = 0;
  uint64_t length = 0;  // At least 1.
};

struct ContentRange {
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t total = 0;
};
// "bytes 0-499/1234"; nothing for any other form, unknown totals included.
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view text);

// Why the bytes of a response with status 200 to 299 cannot be those asked for; "" if they can.
[[nodiscard]] std::string fault_of_range(const ResponseHead& head, const WantedRange& wanted,
                                         const Identity& opened);

}  // namespace coldload::s3
