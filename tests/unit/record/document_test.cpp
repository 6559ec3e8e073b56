#include "core/record/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;

RunRecord through_json(const RunRecord& run) {
  const auto text = json::dump(to_json(run));
  const auto parsed = json::parse(text, "a record");
  EXPECT_TRUE(parsed);
  auto again = run_record_from_json(*parsed);
  EXPECT_TRUE(again) << again.error().message;
  return *again;
}

TEST(Document, ComesBackFromJsonAsItWas) {
  const std::string text = json::dump(to_json(sample_document()));
  const auto parsed = json::parse(text, "a document");
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto again = document_from_json(*parsed);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(json::dump(to_json(*again)), text);
}

TEST(Document, OfAnotherVersionIsRefusedWithBothNumbers) {
  const auto document = document_from_json(json::object{{"schema_version", 7}});
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().message, "schema_version 7 is not known, this program reads 1");
}

TEST(Document, ThatIsNoObjectIsRefused) {
  const auto document = document_from_json(json::array{});
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().status, Status::integrity);
}

TEST(Document, WithARunOfUnknownStatusIsRefused) {
  json::value json = to_json(sample_document());
  json.as_object()["runs"].as_array().front().as_object()["status"] = "splendid";
  const auto document = document_from_json(json);
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().message, "a run record without a known status");
}

TEST(Document, KeepsAFieldOfALaterProgramOutOfItsWay) {
  json::value json = to_json(sample_document());
  json.as_object()["later"] = 1;
  EXPECT_TRUE(document_from_json(json));
}

TEST(Cases, KeepTheValidRunsThatCameBeforeOneThatWasSkipped) {
  ResultDocument document;
  document.cases = {sample_case("sequential", "cold")};
  CaseRecord& record = document.cases[0];
  RunRecord skipped = sample_run(record, 1, 1);
  skipped.status = RunStatus::skipped;
  skipped.reason = "process 7 holds it open";
  document.runs = {sample_run(record, 0, 1), skipped};
  judge_cases(document);
  EXPECT_EQ(record.status, CaseStatus::skipped) << "only verified: nothing was measured";
  EXPECT_EQ(record.reason, "process 7 holds it open");

  record.status = CaseStatus::ok;
  skipped.repetition = 3;
  document.runs = {sample_run(record, 0, 1), sample_run(record, 1, 1), sample_run(record, 2, 1), skipped};
  judge_cases(document);
  EXPECT_EQ(record.status, CaseStatus::ok);
  EXPECT_EQ(record.reason, "stopped after 2 valid runs: process 7 holds it open");
  EXPECT_EQ(valid_runs(document, record.id).size(), 2U);

  // A run that failed is another thing than one that was not made.
  document.runs[3].status = RunStatus::failed;
  judge_cases(document);
  EXPECT_EQ(record.status, CaseStatus::failed);
}

TEST(RunRecord, KeepsWhichFilesItsObjectsWere) {
  RunRecord run = sample_run(sample_case("sequential", "cold"), 1, 1);
  EXPECT_EQ(through_json(run).objects[0].file, std::nullopt);
  run.objects[0].file = FileIdentity{"253:0", UINT64_MAX, 1'700'000'000'123'456'789, -1};
  EXPECT_EQ(through_json(run).objects[0].file, run.objects[0].file);
}

TEST(RunRecord, KeepsEveryStatusAndKindOfProof) {
  RunRecord run = sample_run(sample_case("sequential", "cold"), 1, 1);
  for (const RunStatus status : {RunStatus::ok, RunStatus::skipped, RunStatus::failed, RunStatus::crashed,
                                 RunStatus::timed_out, RunStatus::cancelled}) {
    run.status = status;
    EXPECT_EQ(through_json(run).status, status) << to_string(status);
  }
  for (const ProofKind kind : {ProofKind::residency_and_bytes, ProofKind::bytes, ProofKind::no_local_cache,
                               ProofKind::warm, ProofKind::as_is, ProofKind::unprovable}) {
    run.proof.kind = kind;
    EXPECT_EQ(through_json(run).proof.kind, kind) << to_string(kind);
  }
}

TEST(RunRecord, KeepsPhasesInTheirOrder) {
  RunRecord run;
  for (const char* phase : {"prepare", "inspect", "load", "prove", "a last one"}) run.phases.add(phase, 7);
  run.phases.add("load", 5);
  const auto again = through_json(run).phases.ns;
  EXPECT_EQ(again, run.phases.ns);
  EXPECT_EQ(again[2], (std::pair<std::string, uint64_t>{"load", 12}));
}

TEST(RunRecord, LeavesOutWhatWasNotTaken) {
  RunRecord run;
  const std::string text = json::dump(to_json(run));
  EXPECT_THAT(text, Not(HasSubstr("resident_before")));
  EXPECT_THAT(text, Not(HasSubstr("device")));
  EXPECT_FALSE(through_json(run).bytes.device);
  run.bytes.device = 0;
  EXPECT_EQ(through_json(run).bytes.device, 0U);
}

TEST(RunRecord, HoldsCountsAboveWhatADoubleCan) {
  RunRecord run;
  run.bytes.model = (uint64_t{1} << 62U) + 1;
  run.load_ns = std::numeric_limits<uint64_t>::max();
  const RunRecord again = through_json(run);
  EXPECT_EQ(again.bytes.model, run.bytes.model);
  EXPECT_EQ(again.load_ns, run.load_ns);
}

TEST(RunRecord, WritesNoNanAndNoBytesThatAreNoText) {
  RunRecord run;
  run.metrics = {{"ratio", "", std::nan("")}, {"rate", "", HUGE_VAL}};
  run.output = "before \xff after";
  const std::string text = json::dump(to_json(run));
  EXPECT_THAT(text, HasSubstr(R"("value":null)"));
  EXPECT_THAT(text, HasSubstr("before \uFFFD after"));
}

TEST(RunRecord, KeepsTheTypesOfEvidence) {
  const RunRecord run = sample_run(sample_case("sequential", "cold"), 1, 1);
  EXPECT_EQ(through_json(run).evidence, run.evidence);
}

}  // namespace
}  // namespace coldload
