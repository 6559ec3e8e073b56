// Figures as sentences write them, the same in every sentence.
#pragma once

#include <string>
#include <string_view>

#include "core/analyse/case_summary.hpp"
#include "core/base/text.hpp"

namespace coldload {

// "12.3 s", "250 ms", "2 min 5 s"; "0 s" of nothing and less.
[[nodiscard]] std::string seconds_in_words(double seconds);
// "8 %"; below one per cent "0.4 %".
[[nodiscard]] std::string percent_in_words(double share);
// "1.70×"
[[nodiscard]] std::string factor_in_words(double ratio);
// A count that need not be whole: "7", "7.4"; rounded up from 100 on.
[[nodiscard]] std::string count_in_words(double count);
// Its first letter large.
[[nodiscard]] std::string sentence_case(std::string text);
// "the local disk", "the network", "the emulated network", "the staged copy": what a case reads from.
[[nodiscard]] std::string storage_in_words(const ResultDocument& document, const CaseRecord& record);

}  // namespace coldload
