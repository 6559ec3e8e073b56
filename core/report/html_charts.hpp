// The drawings of the HTML report. Each writes a section with its figures beside or below the drawing, or
// nothing where its data was not taken. [any-thread]
#pragma once

#include "core/report/html_view.hpp"

namespace coldload {

// Which ink is which kind of storage, and what an emulated one looks like; of those that occur.
void write_inks(Markup& out, const ReportView& view);

void write_medians(Markup& out, const ReportView& view);
void write_phases(Markup& out, const ReportView& view);
void write_rates(Markup& out, const ReportView& view);
void write_shards(Markup& out, const ReportView& view);
void write_break_even(Markup& out, const ReportView& view);

}  // namespace coldload
