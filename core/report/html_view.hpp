// What the sections of the HTML report share: the cases in groups, their names, links and marks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/analyse/advice.hpp"
#include "core/report/cell_text.hpp"
#include "core/report/markup.hpp"
#include "core/report/names.hpp"

namespace coldload {

// The measured cases of one cache state, fastest first; those that only touch pages last.
struct CaseGroup {
  std::string cache;
  std::vector<const CaseAnalysis*> cases;
  TimeUnit unit;

  [[nodiscard]] std::string heading() const;  // "Cold", "First start, the copy included"
};

// One run of a case, in seconds of what the case is ranked by.
struct RunTime {
  const RunRecord* run = nullptr;
  double seconds = 0;
  bool counts = false;
};

class ReportView {
 public:
  // `report` must outlive this.
  explicit ReportView(const Report& report);

  [[nodiscard]] const Report& report() const { return report_; }
  [[nodiscard]] const ResultDocument& document() const { return *report_.document; }
  [[nodiscard]] const std::vector<CaseGroup>& groups() const { return groups_; }
  [[nodiscard]] const CaseAnalysis* find(std::string_view case_id) const;

  // The unit of its group's chart; seconds of a case without figures.
  [[nodiscard]] TimeUnit unit_of(const CaseAnalysis& analysis) const;
  // "2.61 s", as precise as its group's chart.
  [[nodiscard]] std::string time(const CaseAnalysis& analysis, double seconds) const;
  // Runs that ended well, verifying ones apart, in the order of the document.
  [[nodiscard]] std::vector<RunTime> runs_of(const CaseAnalysis& analysis) const;
  // The valid run whose time is nearest to the median; none without one.
  [[nodiscard]] const RunRecord* median_run(const CaseAnalysis& analysis) const;

  // "disk", "network", "staged", "other": the ink of its drawings.
  [[nodiscard]] std::string_view ink(const CaseAnalysis& analysis) const;
  // The same, and "emulated" where it is.
  [[nodiscard]] std::string shape_class(const CaseAnalysis& analysis) const;
  // "local disk", "" where the document does not tell.
  [[nodiscard]] std::string storage(const CaseAnalysis& analysis) const;

  // A link to the row of the case, or the words where there is none.
  void write_case_link(Markup& out, std::string_view case_id) const;
  // The case's name without what its group and all cases share, its kind of storage, and its marks.
  void write_case_label(Markup& out, const CaseAnalysis& analysis) const;
  void write_marks(Markup& out, const CaseAnalysis& analysis) const;
  // "rests on …": links to what a statement follows from.
  void write_basis(Markup& out, const std::vector<std::string>& basis) const;
  // A statement as an element of its own.
  void write_statement(Markup& out, std::string_view element, const Statement& statement) const;

 private:
  [[nodiscard]] std::string anchor_of(std::string_view basis) const;
  [[nodiscard]] std::string name_in_group(const CaseRecord& record) const;
  void make_groups();

  const Report& report_;
  SharedParts shared_;
  std::vector<CaseGroup> groups_;
};

}  // namespace coldload
