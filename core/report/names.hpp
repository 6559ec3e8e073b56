// Case ids, shortened by what they all share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/record/document.hpp"

namespace coldload {

// What all cases of a document share and their names may leave out.
struct SharedParts {
  std::string backend;      // "" where they differ; then, or with a swept backend, ids keep it
  std::string destination;  // likewise

  // "every case is on backend local, into destination stream": what a reader must know to complete the names.
  // "" when nothing is shared.
  [[nodiscard]] std::string in_words() const;
};

// Of fewer than two cases nothing is shared: one id reads best in full.
[[nodiscard]] SharedParts shared_parts(const std::vector<CaseRecord>& cases);

// "parallel,threads=4/cold" of "local/parallel,threads=4/stream/cold", as far as `shared` goes. An id that is
// not built that way is returned whole.
[[nodiscard]] std::string short_name(const CaseRecord& record, const SharedParts& shared);

}  // namespace coldload
