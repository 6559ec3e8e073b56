// The sections of the HTML report that are words and tables. Each writes nothing where there is nothing to
// say. [any-thread]
#pragma once

#include "core/report/html_view.hpp"

namespace coldload {

void write_answer(Markup& out, const ReportView& view);
void write_recommendation(Markup& out, const ReportView& view);
void write_expectations(Markup& out, const ReportView& view);
void write_findings(Markup& out, const ReportView& view);
void write_policy(Markup& out, const ReportView& view);
void write_bootstrap(Markup& out, const ReportView& view);
void write_reservations(Markup& out, const ReportView& view);
void write_environment(Markup& out, const ReportView& view);  // machine, backends, mounts, probes, plugins
void write_all_cases(Markup& out, const ReportView& view);    // and those without figures, with reasons

}  // namespace coldload
