// What bounds a case, as far as it was probed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/record/document.hpp"

namespace coldload {

struct Ceiling {
  std::string tag;  // the probe's: "device/direct"
  double bytes_per_second = 0;
  double share =
      0;  // the case's bytes per second / this; above 1 where the machine was faster than its probe
};

// The backend whose device a cold load of `record` reads: its own, or the one that a staged copy lies on.
[[nodiscard]] std::string_view read_from(const CaseRecord& record, const ResultDocument& document);

// The probe that bounds `record`, the better of its moments: of a cold case the device it reads from, of a
// warm one the copy out of the page cache, on one thread where the case has one, else on all cores. Nothing
// for other cache states, for synthetic backends, and where no such probe was taken: a ceiling is never
// guessed. Where the destination has a ceiling of its own, which is lower, that one. `share` is left 0.
[[nodiscard]] std::optional<Ceiling> ceiling_of(const CaseRecord& record, const ResultDocument& document);

// "device", "page cache", "link to the GPU": what a table calls the probe of this tag.
[[nodiscard]] std::string_view ceiling_in_words(std::string_view tag);

}  // namespace coldload
