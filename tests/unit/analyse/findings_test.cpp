#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/analyse/finding.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;

constexpr std::string_view kId = "local/parallel/stream/cold";

// One cold case with these times and nothing else of note.
ResultDocument document_with(const std::vector<double>& seconds) {
  ResultDocument document = empty_document();
  CaseRecord record = sample_case("parallel", "cold");
  record.baseline = record.id;
  add_case(document, record, seconds);
  return document;
}

std::vector<double> steady(size_t count = 8) {
  std::vector<double> seconds;
  for (size_t i = 0; i < count; ++i) seconds.push_back(2.0 + 0.01 * static_cast<double>(i % 3));
  return seconds;
}

void add_metric(ResultDocument& document, const std::string& tag, const std::string& unit, double value) {
  for (RunRecord& run : document.runs) run.metrics.push_back({tag, unit, value});
}

const Finding* find(const std::vector<Finding>& findings, FindingKind kind) {
  for (const Finding& finding : findings) {
    if (finding.kind == kind) return &finding;
  }
  return nullptr;
}

std::vector<Finding> findings_of(const ResultDocument& document) {
  return find_all(document, analyse_cases(document));
}

std::string text_of(const ResultDocument& document, FindingKind kind) {
  const auto findings = findings_of(document);
  const Finding* finding = find(findings, kind);
  return finding == nullptr ? "" : finding->what.text;
}

TEST(Findings, OfSteadyRunsAreOnlyWhatBoundThem) {
  const auto findings = findings_of(document_with(steady()));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::bound);
  EXPECT_THAT(findings[0].what.text, HasSubstr("unknown"));
  EXPECT_THAT(findings[0].what.basis, testing::ElementsAre(std::string(kId)));
}

TEST(Findings, SeeRunsThatBecomeSlower) {
  EXPECT_THAT(text_of(document_with({2, 2.01, 2.02, 2.03, 2.3, 2.31, 2.32, 2.33}), FindingKind::drift),
              HasSubstr("15 % longer"));
  EXPECT_EQ(text_of(document_with({2, 2.01, 2.3, 2.31, 2.02, 2.03, 2.32, 2.33}), FindingKind::drift), "");
}

TEST(Findings, SeeTwoGroupsOfTimes) {
  EXPECT_THAT(text_of(document_with({2, 3, 2.01, 3.01, 2.02, 3.02}), FindingKind::bimodal),
              HasSubstr("3 runs of 2.00 s to 2.02 s, 3 runs of 3.00 s to 3.02 s"));
  EXPECT_EQ(text_of(document_with({2, 2.2, 2.4, 2.6, 2.8, 3}), FindingKind::bimodal), "");
}

TEST(Findings, SeeASingleRunFarOff) {
  EXPECT_THAT(text_of(document_with({2, 2.01, 2.02, 2.01, 2, 2.02, 5}), FindingKind::outliers),
              HasSubstr("1 run far from the rest: up to 5.00 s against a median of 2.01 s"));
  EXPECT_EQ(text_of(document_with({2, 2.0001, 2.0002, 2.0001, 2, 2.0002, 2.01}), FindingKind::outliers), "")
      << "far by its neighbours, but by half a per cent";
}

TEST(Findings, SeeThatTheCpuLimitStoppedRuns) {
  ResultDocument document = document_with(steady());
  add_metric(document, "cpu_throttled_ns", "ns", 250e6);
  EXPECT_THAT(text_of(document, FindingKind::throttled), HasSubstr("stopped 8 runs for up to 250 ms"));
}

TEST(Findings, SeeNeighbours) {
  ResultDocument document = document_with(steady());
  document.runs.back().disturbed = {"others read 40 % beside us"};  // one reason, however much it was
  EXPECT_THAT(text_of(document, FindingKind::neighbours), HasSubstr("1 of 8 runs that count was disturbed"));
}

TEST(Findings, SeePagesThatWereReadTwice) {
  ResultDocument document = document_with(steady());
  add_metric(document, "pages_refaulted", "count", 100'000);
  EXPECT_THAT(text_of(document, FindingKind::low_memory), HasSubstr("410 MB were dropped and read again"));
}

TEST(Findings, PutRunsWithoutProofFirst) {
  ResultDocument document = document_with(steady());
  for (RunRecord& run : document.runs) {
    run.proof = {ProofKind::unprovable, false, 0.5, 1.0, 0.5, "cachestat", "half of it was cached", ""};
  }
  const auto findings = findings_of(document);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::unproved);
  EXPECT_EQ(findings[0].severity, Severity::problem);
  EXPECT_EQ(findings[0].cause, "half of it was cached");
}

TEST(Findings, SeeBytesThatWereReadMoreThanOnce) {
  ResultDocument document = document_with(steady());
  for (RunRecord& run : document.runs) run.bytes.device = run.bytes.model + run.bytes.model / 5;
  EXPECT_THAT(text_of(document, FindingKind::amplified), HasSubstr("120 % of the model's bytes"));
  for (RunRecord& run : document.runs) run.bytes.device = run.bytes.model + run.bytes.model / 25;
  EXPECT_EQ(text_of(document, FindingKind::amplified), "");
}

TEST(Findings, SeeRequestsThatWereRepeated) {
  ResultDocument document = document_with(steady());
  document.runs.back().metrics.push_back({"s3/retries", "count", 3});
  EXPECT_THAT(text_of(document, FindingKind::retried), HasSubstr("3 requests in 1 run had to be repeated"));
}

ProbeRecord device_probe(double rate) {
  return {"device/direct", "local", "first", rate, {}};
}

TEST(Bound, IsTheDeviceWhereTheCaseComesNearItsProbe) {
  ResultDocument document = document_with(steady());
  document.probes.push_back(device_probe(1.1e9));  // 2 GB in 2 s
  EXPECT_THAT(text_of(document, FindingKind::bound), HasSubstr("bound by the device: 90 % of what it gave"));
}

TEST(Bound, IsOneCoreWhereTheOneThreadIsBusy) {
  ResultDocument document = document_with(steady());
  document.probes.push_back(device_probe(4e9));
  add_metric(document, "cpu_user_ns", "ns", 1.5e9);
  add_metric(document, "cpu_system_ns", "ns", 0.4e9);
  EXPECT_THAT(text_of(document, FindingKind::bound), HasSubstr("bound by one core"));
}

// 2 GB in 2.01 s by 239 chunks of 8.4 MB, each answered after 33.8 ms: four under way. The probe got `at_8`
// with as much.
ResultDocument waiting(double at_8) {
  ResultDocument document = document_with(steady());
  ProbeRecord probe = device_probe(4e9);
  probe.detail = {{"block_bytes", 4'000'000},
                  {"sweep", json::array{{{"depth", 1}, {"bytes_per_second", 0.2e9}},
                                        {{"depth", 8}, {"bytes_per_second", at_8}},
                                        {{"depth", 16}, {"bytes_per_second", 4e9}}}}};
  document.probes.push_back(probe);
  document.cases.front().thread_count = 1;  // What is under way is counted, not taken from the threads.
  add_metric(document, "cpu_user_ns", "ns", 0.1e9);
  add_metric(document, "cpu_system_ns", "ns", 0.1e9);
  add_metric(document, "chunk_latency_p50_ns", "ns", 33.8e6);
  return document;
}

TEST(Bound, IsNotTheProcessorOfALoadThatIsShorterThanItsTicksTell) {
  const auto busy = [](double seconds, double machine_share) {
    ResultDocument document = document_with(std::vector<double>(8, seconds));
    document.environment["cpu"] = json::object{{"online", 2}, {"allowed", 2}};
    add_metric(document, "cpu_user_ns", "ns", 0.1e9 * seconds);
    add_metric(document, "cpu_system_ns", "ns", 0.1e9 * seconds);
    const auto clock_ns = static_cast<double>(document.runs.back().load_ns);
    add_metric(document, "cpu_machine_ns", "ns", 2 * clock_ns * machine_share);
    return text_of(document, FindingKind::bound);
  };
  EXPECT_THAT(busy(2, 0.95), HasSubstr("which others kept busy: 2 cores for 95 %"));
  EXPECT_THAT(busy(0.01, 0.95), HasSubstr("unknown"));
  EXPECT_THAT(busy(2, 1.85), HasSubstr("unknown"));
}

TEST(Bound, IsRoundTripsWhereTheProbeGotNoMoreWithAsMuchUnderWay) {
  EXPECT_THAT(text_of(waiting(1.1e9), FindingKind::bound),
              HasSubstr("bound by round trips: 4 in flight × 33.8 ms; 25 % of what the device gave to its "
                        "probe, which got no more with as much under way"));
}

TEST(Bound, IsUnknownWhereTheProbeGotMoreWithAsMuchUnderWay) {
  EXPECT_THAT(text_of(waiting(3e9), FindingKind::bound),
              HasSubstr("what bound it is unknown: it reached 25 % of what the device gave to its probe"));
}

TEST(Bound, IsNotCalledRoundTripsByAProbeWithoutASweep) {
  ResultDocument document = waiting(1.1e9);
  document.probes.front().detail.erase("sweep");
  EXPECT_THAT(text_of(document, FindingKind::bound), HasSubstr("what bound it is unknown: its probe"));
}

TEST(Bound, IsUnknownWithoutAProbe) {
  ResultDocument document = document_with(steady());
  add_metric(document, "chunk_latency_p50_ns", "ns", 2e6);
  EXPECT_THAT(text_of(document, FindingKind::bound), HasSubstr("what bound it is unknown"));
}

}  // namespace
}  // namespace coldload
