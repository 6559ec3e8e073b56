// What only all runs together show of each case: whether its bytes are the others', and what became of it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/record/document.hpp"

namespace coldload {
namespace {

// What the verified cases saw of one object, with how many saw it.
using Votes = std::vector<std::pair<std::string, size_t>>;

std::map<std::string, Votes> checksum_votes(const ResultDocument& document) {
  std::map<std::string, Votes> votes;
  for (const RunRecord& run : document.runs) {
    if (run.status != RunStatus::ok) continue;
    for (const ObjectRecord& object : run.objects) {
      if (object.checksum.empty()) continue;
      auto& candidates = votes[object.name];
      const auto found =
          std::ranges::find(candidates, object.checksum, &std::pair<std::string, size_t>::first);
      if (found == candidates.end()) {
        candidates.emplace_back(object.checksum, 1);
      } else {
        ++found->second;
      }
    }
  }
  return votes;
}

// Why a case that saw `checksum` is wrong, or may be: most others saw another; or as many, and then nobody
// knows whose bytes are the model's. "" of one that most agree with.
std::string why_checksum_is_doubtful(const std::string& checksum, const Votes& votes) {
  const auto own = std::ranges::find(votes, checksum, &Votes::value_type::first);
  const auto other = std::ranges::max_element(
      votes, {}, [&](const auto& vote) { return vote.first == checksum ? size_t{0} : vote.second; });
  if (other->first == checksum || other->second < own->second) return {};
  if (other->second > own->second) return fmt::format("the other cases saw {}", other->first);
  return fmt::format("as many cases saw {}: whose bytes are the model's is not known", other->first);
}

bool is_synthetic(const ResultDocument& document, std::string_view case_id) {
  const auto found = std::ranges::find(document.cases, case_id, &CaseRecord::id);
  return found != document.cases.end() && found->synthetic;
}

// Fails each verifying run whose bytes are not those the others saw.
size_t judge_integrity(ResultDocument& document) {
  const auto votes = checksum_votes(document);
  size_t failed = 0;
  for (RunRecord& run : document.runs) {
    if (run.status != RunStatus::ok || is_synthetic(document, run.case_id)) continue;
    for (const ObjectRecord& object : run.objects) {
      if (object.checksum.empty()) continue;
      const std::string why = why_checksum_is_doubtful(object.checksum, votes.at(object.name));
      if (why.empty()) continue;
      run.status = RunStatus::failed;
      run.reason = fmt::format("integrity: {} has checksum {}, {}", object.name, object.checksum, why);
      ++failed;
      break;
    }
  }
  return failed;
}

bool is_valid(const RunRecord& run) {
  return run.repetition > 0 && run.status == RunStatus::ok && run.proof.valid;
}

// What was measured before a run had to be left out is as good as it was.
std::string stopped_after(size_t valid, const std::string& why) {
  return fmt::format("stopped after {} valid run{}: {}", valid, valid == 1 ? "" : "s", why);
}

void judge_case(CaseRecord& record, const std::vector<const RunRecord*>& runs) {
  if (record.status == CaseStatus::skipped) return;
  record.status = CaseStatus::not_measured;
  record.reason = "no run took place";
  size_t valid = 0;
  for (const RunRecord* run : runs) {
    if (run->status == RunStatus::cancelled) continue;
    if (run->status == RunStatus::skipped) {
      record.status = valid == 0 ? CaseStatus::skipped : CaseStatus::ok;
      record.reason = valid == 0 ? run->reason : stopped_after(valid, run->reason);
      return;
    }
    if (run->status != RunStatus::ok) {
      record.status = CaseStatus::failed;
      record.reason = run->status == RunStatus::failed
                          ? run->reason
                          : fmt::format("{}: {}", to_string(run->status), run->reason);
      return;
    }
    if (is_valid(*run)) ++valid;
    record.status = CaseStatus::ok;
    record.reason.clear();
  }
}

}  // namespace

size_t judge_cases(ResultDocument& document) {
  const size_t failed = judge_integrity(document);
  std::map<std::string, std::vector<const RunRecord*>, std::less<>> by_case;
  for (const RunRecord& run : document.runs) by_case[run.case_id].push_back(&run);
  for (CaseRecord& record : document.cases) judge_case(record, by_case[record.id]);
  return failed;
}

std::vector<const RunRecord*> valid_runs(const ResultDocument& document, std::string_view case_id) {
  std::vector<const RunRecord*> runs;
  for (const RunRecord& run : document.runs) {
    if (run.case_id == case_id && is_valid(run)) runs.push_back(&run);
  }
  return runs;
}

}  // namespace coldload
