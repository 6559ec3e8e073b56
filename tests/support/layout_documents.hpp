// Result documents that lead to different storage layouts, made by hand.
#pragma once

#include <string>
#include <vector>

#include "core/record/document.hpp"

namespace coldload {

struct LayoutDocument {
  std::string name;  // "nvme_wins"
  ResultDocument document;
};

// NVMe wins; network equal; staging never pays; no local disk; model larger than memory; nothing provable;
// policy missed everywhere; engine start dominates.
[[nodiscard]] std::vector<LayoutDocument> layout_documents();
// One of them, by name.
[[nodiscard]] ResultDocument layout_document(const std::string& name);

// The times of two cases changed places: what the one took is now what the other did.
void swap_times(ResultDocument& document, const std::string& one, const std::string& other);

// All cases on this backend are emulated.
void make_emulated(ResultDocument& document, const std::string& backend);

}  // namespace coldload
