// Cases by number: how sentences name the rows they rest on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/record/document.hpp"

namespace coldload {

// Numbers from 1, in the document's order, the same in every rendering of one document.
class CaseNumbers {
 public:
  explicit CaseNumbers(const ResultDocument& document) : document_(&document) {}

  // 0 for an id that is no case of the document.
  [[nodiscard]] size_t of(std::string_view case_id) const;
  // "[1, 4; scenario.policy]": numbers of cases, then what else of the document; "" for no basis.
  [[nodiscard]] std::string in_brackets(const std::vector<std::string>& basis) const;

 private:
  const ResultDocument* document_;
};

}  // namespace coldload
