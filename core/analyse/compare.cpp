#include "core/analyse/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/analyse/notes.hpp"
#include "core/base/text.hpp"
#include "core/base/units.hpp"

namespace coldload {
namespace {

struct IndexPair {
  size_t base;
  size_t fresh;
};

struct Side {
  const ResultDocument& document;
  std::string_view name;  // as a sentence calls it
};

std::string status_in_words(const CaseRecord& record) {
  const std::string_view status =
      record.status == CaseStatus::not_measured ? "not measured" : to_string(record.status);
  return std::string(status);
}

std::optional<std::string> why_not_ok(const CaseRecord& record, std::string_view side) {
  if (record.status == CaseStatus::ok) return std::nullopt;
  std::string why = fmt::format("{} in {}", status_in_words(record), side);
  if (!record.reason.empty()) why += ": " + record.reason;
  return why;
}

// Which of two flags is set alone: "only base is emulated".
std::optional<std::string> why_unlike(bool base, bool fresh, std::string_view what) {
  if (base == fresh) return std::nullopt;
  return fmt::format("only {} {}", base ? "base" : "new", what);
}

std::string why_other_bytes(uint64_t base, uint64_t fresh) {
  const std::string before = format_bytes_decimal(base);
  const std::string after = format_bytes_decimal(fresh);
  if (before != after) return fmt::format("base loads {}, new {}", before, after);
  return fmt::format("base loads {} bytes, new {}", base, fresh);
}

std::optional<std::string> why_not_comparable(const CaseAnalysis& base, const CaseAnalysis& fresh) {
  if (auto why = why_not_ok(*base.record, "base")) return why;
  if (auto why = why_not_ok(*fresh.record, "new")) return why;
  if (base.record->model_bytes != fresh.record->model_bytes) {
    return why_other_bytes(base.record->model_bytes, fresh.record->model_bytes);
  }
  if (auto why = why_unlike(base.record->emulated, fresh.record->emulated, "is emulated")) return why;
  if (auto why = why_unlike(base.record->synthetic, fresh.record->synthetic, "is synthetic")) return why;
  if (auto why = why_unlike(base.record->external, fresh.record->external, "is external")) return why;
  if (auto why = why_unlike(base.record->sampled, fresh.record->sampled, "is sampled")) return why;
  return why_unlike(base.touches_only, fresh.touches_only, "touches only, which is no load");
}

class Comparer {
 public:
  Comparer(const ResultDocument& base, const ResultDocument& fresh) : base_(base), fresh_(fresh) {
    out_.base_cases = analyse_cases(base);
    out_.fresh_cases = analyse_cases(fresh);
  }

  [[nodiscard]] const DocumentComparison& cases() const { return out_; }

  void only_in_base(size_t index) { out_.only_in_base.push_back(out_.base_cases[index].record->id); }
  void only_in_fresh(size_t index) { out_.only_in_fresh.push_back(out_.fresh_cases[index].record->id); }

  DocumentComparison compare(const std::vector<IndexPair>& pairs) {
    std::vector<ComparedRuns> runs;
    for (const IndexPair& pair : pairs) {
      const CaseAnalysis& base = out_.base_cases[pair.base];
      const CaseAnalysis& fresh = out_.fresh_cases[pair.fresh];
      if (auto why = why_not_comparable(base, fresh)) {
        out_.not_comparable.push_back({base.record->id, fresh.record->id, std::move(*why)});
        continue;
      }
      out_.compared.push_back({&base, &fresh, {}, notes_of_both(base, fresh)});
      runs.push_back({ranked_seconds(base_, *base.record), ranked_seconds(fresh_, *fresh.record)});
    }
    const auto comparisons = compare_pairs(runs, seed_of(base_));
    for (size_t i = 0; i < comparisons.size(); ++i) out_.compared[i].comparison = comparisons[i];
    out_.environment = environment_differences(base_, fresh_);
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::vector<std::string> notes_of_both(const CaseAnalysis& base,
                                                       const CaseAnalysis& fresh) const {
    // Without a baseline: what cannot be compared with that of its own document is no matter here.
    const std::vector<std::string> before = notes_of(base, base_, nullptr);
    const std::vector<std::string> after = notes_of(fresh, fresh_, nullptr);
    const auto has = [](const std::vector<std::string>& notes, const std::string& note) {
      return std::ranges::find(notes, note) != notes.end();
    };
    std::vector<std::string> notes;
    for (const std::string& note : before) notes.push_back(has(after, note) ? note : "base: " + note);
    for (const std::string& note : after) {
      if (!has(before, note)) notes.push_back("new: " + note);
    }
    if (base.proof_label != fresh.proof_label && base.valid_count != 0 && fresh.valid_count != 0) {
      notes.push_back(fmt::format("proof: {} in base, {} in new", base.proof_label, fresh.proof_label));
    }
    return notes;
  }

  const ResultDocument& base_;
  const ResultDocument& fresh_;
  DocumentComparison out_;
};

struct Meant {
  size_t index;
  std::vector<std::string> captures;
};

Result<std::vector<Meant>> cases_meant(const ResultDocument& document, std::string_view glob,
                                       const GlobCaptures& captures) {
  std::vector<Meant> meant;
  for (size_t i = 0; i < document.cases.size(); ++i) {
    if (auto found = captures(glob, document.cases[i].id)) meant.push_back({i, std::move(*found)});
  }
  if (!meant.empty()) return meant;
  const std::string example =
      document.cases.empty() ? "it has none" : "the first is " + printable(document.cases.front().id);
  return fail(Status::invalid_option, fmt::format("{} means no case of this run; of its {} cases {}",
                                                  in_quotes(glob), document.cases.size(), example));
}

void pair_by_captures(const std::vector<Meant>& base, const std::vector<Meant>& fresh, Comparer& comparer,
                      std::vector<IndexPair>& pairs) {
  std::vector<bool> taken(fresh.size(), false);
  for (const Meant& one : base) {
    bool paired = false;
    for (size_t i = 0; i < fresh.size() && !paired; ++i) {
      if (taken[i] || fresh[i].captures != one.captures || fresh[i].index == one.index) continue;
      pairs.push_back({one.index, fresh[i].index});
      taken[i] = paired = true;
    }
    if (!paired) comparer.only_in_base(one.index);
  }
  for (size_t i = 0; i < fresh.size(); ++i) {
    if (!taken[i]) comparer.only_in_fresh(fresh[i].index);
  }
}

}  // namespace

DocumentComparison compare_documents(const ResultDocument& base, const ResultDocument& fresh) {
  Comparer comparer(base, fresh);
  std::vector<IndexPair> pairs;
  for (size_t i = 0; i < base.cases.size(); ++i) {
    const auto same = std::ranges::find(fresh.cases, base.cases[i].id, &CaseRecord::id);
    if (same == fresh.cases.end()) {
      comparer.only_in_base(i);
    } else {
      pairs.push_back({i, static_cast<size_t>(same - fresh.cases.begin())});
    }
  }
  for (size_t i = 0; i < fresh.cases.size(); ++i) {
    if (std::ranges::find(base.cases, fresh.cases[i].id, &CaseRecord::id) == base.cases.end()) {
      comparer.only_in_fresh(i);
    }
  }
  return comparer.compare(pairs);
}

Result<DocumentComparison> compare_cases(const ResultDocument& document, const CaseGlobs& globs,
                                         const GlobCaptures& captures) {
  const auto base = cases_meant(document, globs.base, captures);
  if (!base) return pass(base);
  const auto fresh = cases_meant(document, globs.fresh, captures);
  if (!fresh) return pass(fresh);
  Comparer comparer(document, document);
  std::vector<IndexPair> pairs;
  if (base->size() == 1 || fresh->size() == 1) {
    for (const Meant& one : *base) {
      for (const Meant& other : *fresh) {
        if (one.index != other.index) pairs.push_back({one.index, other.index});
      }
    }
  } else {
    pair_by_captures(*base, *fresh, comparer, pairs);
  }
  if (pairs.empty()) {
    return fail(
        Status::invalid_option,
        fmt::format("no case of {} has its like in {}: give both as many '*', which stand for what the "
                    "two have in common",
                    in_quotes(globs.base), in_quotes(globs.fresh)));
  }
  return comparer.compare(pairs);
}

}  // namespace coldload
