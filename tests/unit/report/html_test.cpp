#include "core/report/html.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "core/analyse/words.hpp"
#include "core/report/html_view.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/sample_document.hpp"
#include "tests/support/sample_report.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string replaced(const std::string& text, const std::string& pattern, const std::string& by) {
  return std::regex_replace(text, std::regex(pattern), by);
}

// What stands between the heading of a section and the next section.
std::string section(const std::string& html, std::string_view id) {
  const size_t begin = html.find("<section id=\"" + std::string(id) + "\"");
  if (begin == std::string::npos) return {};
  return html.substr(begin, html.find("</section>", begin) - begin);
}

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) ++count;
  return count;
}

std::string sample_html() {
  const ResultDocument document = sample_report_document();
  return render_html(sample_report(document));
}

TEST(Html, OfTheSampleIsTheGoldenOne) {
  expect_golden(sample_html(), "report_sample.html");
}

TEST(Html, OfNothingMeasuredIsTheGoldenOne) {
  ResultDocument document = empty_document();
  CaseRecord record = sample_case("mmap", "cold");
  record.status = CaseStatus::skipped;
  record.reason = "backend local offers no descriptor";
  document.cases.push_back(record);
  Report report;
  report.document = &document;
  report.cases = analyse_cases(document);
  expect_golden(render_html(report), "report_nothing.html");
}

TEST(Html, IsTheSameForTheSameReport) {
  EXPECT_TRUE(sample_html() == sample_html());
}

TEST(Html, AnswersFirst) {
  const std::string html = sample_html();
  const size_t answer = html.find("<h1>Keep the weights on the node&#39;s disk");
  ASSERT_NE(answer, std::string::npos);
  EXPECT_LT(answer, html.find("<section"));
  EXPECT_EQ(count_of(html, "<h1"), 1U);
}

TEST(Html, HasItsSectionsInTheOrderOfAReader) {
  const std::string html = sample_html();
  size_t last = 0;
  for (const char* id :
       {"recommendation", "times", "phases", "throughput", "shards", "break-even", "expectations", "findings",
        "policy", "environment", "bootstrap", "takeaways", "reservations", "cases"}) {
    const size_t at = html.find("<section id=\"" + std::string(id) + "\"");
    ASSERT_NE(at, std::string::npos) << id;
    EXPECT_GT(at, last) << id;
    last = at;
  }
}

TEST(Html, AsksNothingOfTheNetworkAndRunsNoScript) {
  const std::string html = sample_html();
  for (const char* part : {"<script", "<link", "<img", "<iframe", "src=", "style=\"", "url(", "@import",
                           "href=\"http", " onload", "unsafe"}) {
    EXPECT_THAT(html, Not(HasSubstr(part)));
  }
  EXPECT_THAT(html, HasSubstr("default-src &#39;none&#39;"));
}

TEST(Html, LeadsFromEverySentenceToItsRows) {
  const std::string html = sample_html();
  const std::regex link("href=\"#([^\"]*)\"");
  size_t links = 0;
  for (std::sregex_iterator found(html.begin(), html.end(), link), end; found != end; ++found, ++links) {
    EXPECT_THAT(html, HasSubstr("id=\"" + (*found)[1].str() + "\""));
  }
  EXPECT_GT(links, 40U);
  EXPECT_THAT(section(html, "recommendation"), HasSubstr("href=\"#case-7\""));
  EXPECT_THAT(section(html, "recommendation"), HasSubstr("href=\"#policy\""));
}

TEST(Html, ShowsEveryRunAsADotAndOneThatDoesNotCountAsACross) {
  const std::string times = section(sample_html(), "times");
  // Twelve cases of seven runs, one of them not proved, one disturbed; two dots of the legend.
  EXPECT_EQ(count_of(times, "<circle"), 12U * 7 - 1 + 2);
  EXPECT_EQ(count_of(times, "class=\"run disturbed\""), 1U + 1);
  EXPECT_EQ(count_of(times, ">×</text>"), 1U + 1);
}

TEST(Html, HasTheFastestCaseOfACacheStateFirst) {
  const std::string times = section(sample_html(), "times");
  const size_t cold = times.find("Cold");
  EXPECT_LT(times.find("<b>4.93</b>", cold), times.find("<b>4.98</b>", cold));
  EXPECT_LT(times.find("<b>31.40</b>", cold), times.find("<b>58.30</b>", cold));
  EXPECT_LT(times.find("<b>61.80</b>", cold), times.find("First start"));
  EXPECT_LT(times.find("First start"), times.find("Warm"));
}

TEST(Html, SaysThatACaseIsEmulatedWhereverItIsDrawn) {
  const std::string html = sample_html();
  for (const char* id : {"times", "phases", "throughput", "cases"}) {
    EXPECT_THAT(count_of(section(html, id), ">emulated</b>"), 2U) << id;
  }
  EXPECT_THAT(section(html, "times"), HasSubstr("class=\"network emulated\""));
}

TEST(Html, NamesTheReasonOfACaseWithoutFigures) {
  const std::string cases = section(sample_html(), "cases");
  for (const char* reason : {"offers no descriptor", "SIGSEGV", "the budget of 2 h was used up"}) {
    EXPECT_THAT(cases, HasSubstr(reason));
  }
}

TEST(Html, SaysWhichExpectationsAreBroken) {
  const std::string expectations = section(sample_html(), "expectations");
  EXPECT_EQ(count_of(expectations, "✓ kept"), 1U);
  EXPECT_EQ(count_of(expectations, "✗ broken"), 2U);
  EXPECT_THAT(expectations, HasSubstr("not measured: skipped"));
}

TEST(Html, JudgesEachTierOfThePolicyByWord) {
  const std::string policy = section(sample_html(), "policy");
  EXPECT_THAT(policy, HasSubstr("✗ missed by 11.7 s</b>"));
  EXPECT_THAT(policy, HasSubstr("✓ met by 13.0 s</b>"));
}

TEST(Html, DrawsNoBreakEvenWithoutOne) {
  const ResultDocument document = sample_report_document();
  Report report = sample_report(document);
  EXPECT_THAT(section(render_html(report), "break-even"), HasSubstr("The copy is earned back after"));
  report.decision.break_even->restarts.reset();
  EXPECT_THAT(section(render_html(report), "break-even"), HasSubstr("never earned back"));
  report.decision.break_even.reset();
  EXPECT_EQ(section(render_html(report), "break-even"), "");
}

TEST(Html, DrawsTheMedianRunsShardsOfTheChosenAndAContrastingCase) {
  const std::string shards = section(sample_html(), "shards");
  EXPECT_EQ(count_of(shards, "<figure"), 2U);
  EXPECT_EQ(count_of(shards, "<rect"), 2U * 4);
  EXPECT_EQ(count_of(shards, "<th scope=\"row\">"), 2U * 4);
}

TEST(Html, SaysThatItWasInterrupted) {
  ResultDocument document = sample_report_document();
  document.interrupted = true;
  EXPECT_THAT(render_html(sample_report(document)), HasSubstr("The run was interrupted"));
  document.finished = false;
  EXPECT_THAT(render_html(sample_report(document)), HasSubstr("The run is not finished"));
}

TEST(Html, OfThirtyCasesIsBelow400Kilobytes) {
  const ResultDocument document = large_report_document({.cases = 30, .runs = 15, .shards = 30});
  EXPECT_LT(render_html(sample_report(document)).size(), 400'000U);
}

TEST(Html, OfManyShardsShowsTheFirstOnesAndSaysSo) {
  const ResultDocument document = large_report_document({.cases = 2, .runs = 4, .shards = 201});
  const std::string shards = section(render_html(sample_report(document)), "shards");
  EXPECT_THAT(shards, HasSubstr("201 shards"));
  EXPECT_THAT(shards, HasSubstr("The first 200 are shown."));
  EXPECT_THAT(shards, Not(HasSubstr("00201-of")));
}

// Elements and names of attributes, without places to break, which depend on the text.
std::string skeleton(const std::string& html) {
  const std::string tags = replaced(replaced(html, ">[^<]*<", "><"), "<wbr>", "");
  return replaced(tags, "=\"[^\"]*\"", "");
}

TEST(Html, KeepsItsStructureWhateverTextsAre) {
  const ResultDocument document = sample_report_document();
  const auto rendered = [&](std::string_view text) {
    const ResultDocument hostile = hostile_document(document, text);
    return render_html(sample_report(hostile, text));
  };
  const std::string harmless = skeleton(rendered("a name "));
  for (const char* text : {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
                           "' onclick='x' a='", "</title></style></svg>", "<!--", "]]>", "&#60;b&#62;",
                           "\xff\xfe<b>", "{{x}}", "\u202e<i>", "javascript:alert(1)//"}) {
    EXPECT_TRUE(skeleton(rendered(text)) == harmless) << text;
  }
}

// All numbers of the document and of what follows from it.
class NumberPool {
 public:
  void add(double value) { values_.push_back(std::abs(value)); }
  void add(std::string_view text) { texts_ += " " + std::string(text); }
  void add(const json::value& value) {
    if (value.is_string()) add(std::string_view(value.get_string()));
    if (value.is_number()) add(value.to_number<double>());
    if (const json::array* array = value.if_array()) {
      for (const json::value& element : *array) add(element);
    }
    if (const json::object* object = value.if_object()) {
      for (const auto& member : *object) add(member.value());
    }
  }

  // Whether `word` is one of the numbers in any of the units a report has, rounded to the word's decimals.
  [[nodiscard]] bool holds(const std::string& word) const {
    if (texts_.find(word) != std::string::npos) return true;
    const size_t dot = word.find('.');
    const double half = dot == std::string::npos ? 0.5 : 0.5 * std::pow(10, -double(word.size() - dot - 1));
    const double shown = std::stod(word);
    constexpr std::array kUnits = {1.0, 1e3, 1e-3, 1e-6, 1e-9, 1e-12, 100.0, 1 / 1024.0};
    return std::ranges::any_of(values_, [&](double value) {
      return std::ranges::any_of(
          kUnits, [&](double unit) { return std::abs(value * unit - shown) <= half * (1 + 1e-6); });
    });
  }

 private:
  std::vector<double> values_;
  std::string texts_;
};

void add_case(NumberPool& pool, const CaseAnalysis& analysis) {
  for (const double value :
       {analysis.cold_load.median, analysis.cold_load.median_interval.low,
        analysis.cold_load.median_interval.high, analysis.bytes_per_second, double(analysis.valid_count),
        double(analysis.attempted_count), double(analysis.disturbed_count)}) {
    pool.add(value);
  }
  for (const std::string& note : analysis.notes) pool.add(note);
  if (analysis.ceiling) pool.add(analysis.ceiling->share);
  if (analysis.against_baseline) pool.add(verdict_in_words(*analysis.against_baseline));
}

// What is shown of single runs: their times, and the shards of those nearest to the median.
void add_runs(NumberPool& pool, const Report& report) {
  const ReportView view(report);
  for (const CaseAnalysis& analysis : report.cases) {
    std::map<std::string_view, std::vector<double>> phases;
    for (const RunTime& time : view.runs_of(analysis)) {
      pool.add(time.seconds);
      if (!time.counts) continue;
      for (const char* phase : {"prepare", "load"}) {
        phases[phase].push_back(static_cast<double>(time.run->phases.get(phase)) * 1e-9);
      }
    }
    for (const auto& [phase, seconds] : phases) pool.add(summarize(seconds, 1).median);
  }
  for (const CaseAnalysis* analysis : {report.decision.steady, report.decision.network.cold}) {
    const RunRecord* run = view.median_run(*analysis);
    pool.add(double(run->repetition));
    for (const ObjectRecord& object : run->objects) {
      pool.add(object.name);
      for (const uint64_t value : {object.size_bytes, *object.first_ns, *object.last_ns})
        pool.add(double(value));
    }
  }
}

NumberPool pool_of(const Report& report) {
  NumberPool pool;
  json::value document = to_json(*report.document);
  document.as_object().erase("runs");
  pool.add(document);
  for (const CaseAnalysis& analysis : report.cases) add_case(pool, analysis);
  add_runs(pool, report);
  const Decision& decision = report.decision;
  for (const PolicyVerdict& verdict : decision.verdicts) {
    for (const double seconds :
         {verdict.allowed_s, verdict.ready_s, std::abs(verdict.allowed_s - verdict.ready_s)}) {
      pool.add(seconds_in_words(seconds));
    }
  }
  pool.add(decision.break_even->extra_first_s);
  pool.add(decision.break_even->saved_per_restart_s);
  pool.add(*decision.break_even->restarts);
  pool.add(*decision.break_even->days);
  pool.add(*decision.engine_start.seconds);
  const Counts counts = count_all(report.cases);
  for (const size_t count :
       {counts.cases_ok, counts.cases_skipped, counts.runs_valid, counts.runs_disturbed}) {
    pool.add(double(count));
  }
  pool.add(report.run_id);
  return pool;
}

// What a reader sees, but for the numbers of the scales.
std::string shown_text(const std::string& html) {
  std::string text = html.substr(html.find("<body>"));
  text = replaced(text, "<svg aria-hidden=\"true\" class=\"axis\"[\\s\\S]*?</svg>", " ");
  text = replaced(text, "<text [^>]*class=\"axis\"[^>]*>[^<]*</text>", " ");
  text = replaced(text, "<wbr>", "");
  text = replaced(text, "<[^>]*>", " ");
  return replaced(text, "&#?[a-z0-9]+;|SHA-256|95 %", " ");
}

TEST(Html, ShowsNoNumberThatIsNotInTheReport) {
  const ResultDocument document = sample_report_document();
  const Report report = sample_report(document);
  const NumberPool pool = pool_of(report);
  const std::string text = shown_text(render_html(report));
  const std::regex number("[0-9]+(\\.[0-9]+)?");
  size_t numbers = 0;
  for (std::sregex_iterator found(text.begin(), text.end(), number), end; found != end; ++found, ++numbers) {
    const auto from = std::max<std::ptrdiff_t>(0, found->position() - 40);
    EXPECT_TRUE(pool.holds(found->str()))
        << found->str() << " in: " << text.substr(static_cast<size_t>(from), 80);
  }
  EXPECT_GT(numbers, 500U);
}

// The test before this one could not fail if any number were somewhere in a document.
TEST(Html, MostNumbersAreNotInTheReport) {
  const ResultDocument document = sample_report_document();
  const NumberPool pool = pool_of(sample_report(document));
  size_t held = 0;
  for (int hundredths = 100; hundredths < 1000; ++hundredths) {
    held +=
        pool.holds(std::to_string(hundredths / 100) + "." + std::to_string(hundredths % 100 + 100).substr(1));
  }
  EXPECT_LT(held, 300U);
}

TEST(Html, OfWhatFollowsFromADocumentKeepsItsStructureToo) {
  const ResultDocument document = sample_report_document();
  const auto rendered = [&](std::string_view text) {
    const ResultDocument hostile = hostile_document(document, text);
    return skeleton(render_html(make_report(hostile, std::string(text), std::string(text))));
  };
  EXPECT_TRUE(rendered("a name ") == rendered("<img src=x onerror='alert(1)'>\""));
}

}  // namespace
}  // namespace coldload
