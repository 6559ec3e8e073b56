// Reports for tests of what renders one. Made up, but of the shape that a node with a fast disk, an object
// store and a file server gives.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/analyse/advice.hpp"

namespace coldload {

// A disk, an object store, a copy from the one to the other, and an emulated file server; cold, first start
// and warm; something disturbed, not proved, skipped, failed and not measured.
[[nodiscard]] ResultDocument sample_report_document();

struct ReportSize {
  size_t cases = 30;
  size_t runs = 15;
  size_t shards = 30;
};
// As many measured cases as asked for, with long names.
[[nodiscard]] ResultDocument large_report_document(const ReportSize& size);

// `document` with `text` before every text in it, names of cases too, but for the words that have a meaning
// to the program: statuses, kinds of storage and of proof.
[[nodiscard]] ResultDocument hostile_document(const ResultDocument& document, std::string_view text);

// Its cases as they are analysed; what follows from them is made up here, the fastest case recommended.
// `before_texts` stands before every sentence. `document` must outlive it.
[[nodiscard]] Report sample_report(const ResultDocument& document, std::string_view before_texts = "");

}  // namespace coldload
