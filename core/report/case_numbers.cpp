#include "core/report/case_numbers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace coldload {

size_t CaseNumbers::of(std::string_view case_id) const {
  const auto found = std::ranges::find(document_->cases, case_id, &CaseRecord::id);
  return found == document_->cases.end() ? 0 : static_cast<size_t>(found - document_->cases.begin()) + 1;
}

std::string CaseNumbers::in_brackets(const std::vector<std::string>& basis) const {
  std::vector<size_t> numbers;
  std::vector<std::string> places;
  for (const std::string& entry : basis) {
    const size_t number = of(entry);
    if (number == 0) {
      if (std::ranges::find(places, entry) == places.end()) places.push_back(entry);
    } else if (std::ranges::find(numbers, number) == numbers.end()) {
      numbers.push_back(number);
    }
  }
  if (numbers.empty() && places.empty()) return {};
  std::ranges::sort(numbers);
  std::string text;
  for (const size_t number : numbers) text += fmt::format("{}{}", text.empty() ? "" : ", ", number);
  for (const std::string& place : places) text += fmt::format("{}{}", text.empty() ? "" : "; ", place);
  return fmt::format("[{}]", text);
}

}  // namespace coldload
