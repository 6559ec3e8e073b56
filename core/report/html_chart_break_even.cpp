#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/report/html_charts.hpp"
#include "core/report/svg.hpp"

namespace coldload {
namespace {

constexpr double kHeight = 250;
constexpr double kTop = 12;
constexpr double kBottom = kHeight - 34;
// Of the width; the rest is for the lines' names.
constexpr double kShare = 78;

// What restarts cost: the first start, then as much for each restart.
struct Course {
  double first_s = 0;
  double restart_s = 0;

  [[nodiscard]] double after(double restarts) const { return first_s + restart_s * restarts; }
};

struct Courses {
  BreakEven even;
  const CaseAnalysis* network = nullptr;
  Course from_network;
  Course from_copy;
  double shown = 0;  // restarts
};

std::optional<Courses> courses_of(const Decision& decision) {
  const CaseAnalysis* network = decision.network.cold;
  const CaseAnalysis* first = decision.staged.first_start;
  const CaseAnalysis* restart = decision.staged.cold;
  if (!decision.break_even || network == nullptr || first == nullptr || restart == nullptr) {
    return std::nullopt;
  }
  Courses courses;
  courses.even = *decision.break_even;
  courses.network = network;
  courses.from_network = {network->cold_load.median, network->cold_load.median};
  courses.from_copy = {first->cold_load.median, restart->cold_load.median};
  constexpr double kShownAtLeast = 4;
  constexpr double kShownOfNever = 10;
  const auto& even = courses.even.restarts;
  courses.shown = even ? std::max(std::ceil(*even * 2), kShownAtLeast) : kShownOfNever;
  return courses;
}

class Plot {
 public:
  Plot(Markup& out, const Courses& courses, std::string_view title, std::string_view description)
      : courses_(courses),
        across_(courses.shown, kShare),
        up_(std::max(courses.from_network.after(courses.shown), courses.from_copy.after(courses.shown))),
        svg_(out, kHeight, title, description) {}

  void draw(std::optional<double> even) {
    draw_axes();
    draw_course(courses_.from_network, "course network");
    draw_course(courses_.from_copy, "course staged");
    if (even && *even > 0) draw_crossing(*even);
    draw_names();
  }

 private:
  [[nodiscard]] double y(double seconds) const {
    constexpr double kWhole = 100;
    return kBottom - up_(seconds) / kWhole * (kBottom - kTop);
  }

  void draw_axes() {
    for (const double tick : up_.ticks()) {
      svg_.line({0, y(tick)}, {kShare, y(tick)}, "grid");
      svg_.text({0, y(tick) - 3}, "", "axis", up_.label(tick) + (tick == 0 ? "" : " s"));
    }
    for (const double tick : across_.ticks()) {
      if (tick != std::floor(tick)) continue;
      svg_.line({across_(tick), kBottom}, {across_(tick), kBottom + 4}, "axis");
      svg_.text({across_(tick), kBottom + 16}, tick == 0 ? "" : "middle", "axis", across_.label(tick));
    }
    svg_.text({kShare, kHeight - 4}, "end", "axis", "restarts");
  }

  void draw_course(const Course& course, std::string_view shape_class) {
    svg_.line({0, y(course.after(0))}, {across_(courses_.shown), y(course.after(courses_.shown))},
              shape_class);
  }

  void draw_crossing(double even) {
    const Svg::Point at{across_(even), y(courses_.from_network.after(even))};
    svg_.line({at.x, at.y}, {at.x, kBottom}, "even");
    svg_.dot(at, 4, "even");
    svg_.text({at.x + 1.5, kBottom - 8}, "", "even", fmt::format("{:.1f} restarts", even));
  }

  // Beside the lines' ends, kept apart where these lie close together.
  void draw_names() {
    constexpr double kLine = 16;
    constexpr double kMiddleOfLetters = 4;
    double network = y(courses_.from_network.after(courses_.shown));
    double copy = y(courses_.from_copy.after(courses_.shown));
    if (const double apart = std::abs(network - copy); apart < kLine) {
      const double more = (kLine - apart) / 2;
      (network < copy ? network : copy) -= more;
      (network < copy ? copy : network) += more;
    }
    svg_.text({kShare + 1, network + kMiddleOfLetters}, "", "name", "network");
    svg_.text({kShare + 1, copy + kMiddleOfLetters}, "", "name", "staged");
  }

  const Courses& courses_;
  Scale across_;
  Scale up_;
  Svg svg_;
};

std::string in_words(const ReportView& view, const Courses& courses) {
  const Decision& decision = view.report().decision;
  const BreakEven& even = courses.even;
  std::string text = fmt::format(
      "From the network every start takes {}. Staged, the first takes {} and every restart {}: {:.2f} s more "
      "at first, {:.2f} s less at each restart",
      view.time(*courses.network, courses.from_network.first_s),
      view.time(*decision.staged.first_start, courses.from_copy.first_s),
      view.time(*decision.staged.cold, courses.from_copy.restart_s), even.extra_first_s,
      even.saved_per_restart_s);
  if (!even.restarts) return text + ". The copy is never earned back.";
  text += fmt::format(". The copy is earned back after {:.1f} restarts", *even.restarts);
  if (even.days) text += fmt::format(", {:.1f} days at the policy's rate", *even.days);
  return text + ".";
}

}  // namespace

void write_break_even(Markup& out, const ReportView& view) {
  const Decision& decision = view.report().decision;
  const auto courses = courses_of(decision);
  if (!courses) return;
  const std::string words = in_words(view, *courses);
  out.open("section", {{"id", "break-even"}});
  out.element("h2", "When a copy is earned back");
  out.open("figure", {{"class", "break-even"}});
  {
    out.element("p", {{"class", "axis-name"}}, "Time spent loading since the first start, seconds");
    Plot plot(out, *courses, "Time spent loading over the restarts: network and staged", words);
    plot.draw(courses->even.restarts);
  }
  out.open("figcaption");
  out.text(words);
  view.write_basis(out, {decision.network.cold->record->id, decision.staged.first_start->record->id,
                         decision.staged.cold->record->id});
  for (const StorageTimes* times : {&decision.network, &decision.staged}) {
    if (!times->emulated) continue;
    out.text(" ");
    out.element("b", {{"class", "mark"}},
                times == &decision.network ? "network emulated" : "staged emulated");
  }
  out.close();
  out.close();
  out.close();
}

}  // namespace coldload
