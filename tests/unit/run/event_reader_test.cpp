#include "core/run/event_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using End = WorkerOutcome::End;

const Supervisor::ProgressCallback kNoCallback;

TEST(EventReader, PutsLinesTogetherHoweverThePipeCutsThem) {
  const std::string events =
      "{\"event\":\"phase\",\"name\":\"load\"}\n"
      "{\"event\":\"progress\",\"delivered\":5,\"total\":7}\n"
      "{\"event\":\"log\",\"level\":1,\"message\":\"hello\"}\n"
      "{\"event\":\"record\",\"record\":{}}\n";
  for (size_t piece = 1; piece <= events.size(); ++piece) {
    EventReader reader(kNoCallback);
    for (size_t at = 0; at < events.size(); at += piece) reader.take_events(events.substr(at, piece));
    ASSERT_EQ(reader.progress().phase, "load") << piece;
    ASSERT_EQ(reader.progress().delivered_bytes, 5U);
    ASSERT_EQ(reader.progress().total_bytes, 7U);
    ASSERT_EQ(reader.output(), "hello\n");
    ASSERT_EQ(json::text_or(reader.answer(), "event"), "record");
  }
}

TEST(EventReader, TellsPhasesAndProgressAtOnce) {
  std::vector<std::string> told;
  const Supervisor::ProgressCallback callback = [&told](const WorkerProgress& progress) {
    told.push_back(progress.phase + " " + std::to_string(progress.delivered_bytes));
  };
  EventReader reader(callback);
  reader.take_events("{\"event\":\"phase\",\"name\":\"open\"}\n{\"event\":\"progress\",\"delivered\":5}\n");
  EXPECT_EQ(told, (std::vector<std::string>{"open 0", "open 5"}));
}

// A plugin may write to descriptors that are not its own.
TEST(EventReader, KeepsGarbageAsOutputAndGoesOn) {
  EventReader reader(kNoCallback);
  reader.take_events("not json\n[1]\n\n{\"event\":\"dance\"}\n{}\n\xff\xfe\n" + std::string(500, '{') + "\n");
  reader.take_events("{\"event\":\"failed\",\"message\":\"after all\"}\n");
  EXPECT_THAT(reader.output(), StartsWith("not an event: not json\nnot an event: [1]\nnot an event: \n"));
  EXPECT_THAT(reader.output(), HasSubstr("not an event: {\"event\":\"dance\"}\nnot an event: {}\n"));
  EXPECT_THAT(reader.output(), HasSubstr("not an event: \xEF\xBF\xBD\xEF\xBF\xBD\n"));
  EXPECT_THAT(reader.output(), EndsWith("not an event: " + std::string(200, '{') + "\n"));
  EXPECT_EQ(json::text_or(reader.answer(), "message"), "after all");
}

TEST(EventReader, HoldsToTheFirstAnswer) {
  EventReader reader(kNoCallback);
  reader.take_events("{\"event\":\"record\",\"record\":{\"status\":\"ok\"}}\n{\"event\":\"failed\"}\n");
  EXPECT_EQ(json::text_or(reader.answer(), "event"), "record");
}

TEST(EventReader, KeepsTheEndOfTheOutputUpToItsLimit) {
  EventReader reader(kNoCallback);
  reader.take_output(std::string(limits::kWorkerOutputBytesMax, 'a'));
  EXPECT_EQ(reader.output().size(), limits::kWorkerOutputBytesMax);
  reader.take_output("b");
  EXPECT_EQ(reader.output().size(), limits::kWorkerOutputBytesMax);
  EXPECT_EQ(reader.output().front(), 'a');
  EXPECT_EQ(reader.output().back(), 'b');
  reader.take_output(std::string(2 * limits::kWorkerOutputBytesMax, 'c') + "d");
  EXPECT_EQ(reader.output(), std::string(limits::kWorkerOutputBytesMax - 1, 'c') + "d");
}

TEST(EventReader, DropsALineThatIsLongerThanAnyEvent) {
  EventReader reader(kNoCallback);
  const std::string block(limits::kMiB, 'x');
  for (uint64_t taken = 0; taken <= limits::kProtocolLineBytesMax; taken += block.size()) {
    reader.take_events(block);
  }
  reader.take_events("\n{\"event\":\"record\",\"record\":{}}\n");
  EXPECT_EQ(json::text_or(reader.answer(), "event"), "record");
}

RunRecord record_at(End end, const std::string& phase = "open") {
  WorkerOutcome outcome;
  outcome.end = end;
  outcome.last.phase = phase;
  outcome.exit_status = 9;
  outcome.signal = SIGBUS;
  outcome.reason = "the worker could not be started: no memory";
  outcome.output = "last words";
  return record_of(outcome, 2'000'000'000);
}

TEST(RecordOf, EveryEndHasItsStatusAndReason) {
  EXPECT_EQ(record_at(End::exited).status, RunStatus::crashed);
  EXPECT_EQ(record_at(End::exited).reason, "the worker exited with status 9 in phase open");
  EXPECT_EQ(record_at(End::signalled).status, RunStatus::crashed);
  EXPECT_EQ(record_at(End::signalled).reason, "the worker was ended by SIGBUS in phase open");
  EXPECT_EQ(record_at(End::timed_out).status, RunStatus::timed_out);
  EXPECT_EQ(record_at(End::timed_out).reason, "no end after 2.00 s, in phase open");
  EXPECT_EQ(record_at(End::interrupted).status, RunStatus::cancelled);
  EXPECT_EQ(record_at(End::interrupted, "").reason, "interrupted before its first phase");
  EXPECT_EQ(record_at(End::not_started).status, RunStatus::failed);
  EXPECT_EQ(record_at(End::not_started).reason, "the worker could not be started: no memory");
  EXPECT_EQ(record_at(End::exited).output, "last words");
}

TEST(RecordOf, AWorkerThatOutlivesSigkillSaysSo) {
  WorkerOutcome outcome;
  outcome.end = End::timed_out;
  outcome.hung = true;
  outcome.last.phase = "load";
  EXPECT_EQ(record_of(outcome, 1'000'000'000).reason,
            "no end after 1.00 s, in phase load; it hangs in the kernel and outlived SIGKILL");
}

WorkerOutcome answered(std::string_view answer) {
  WorkerOutcome outcome;
  outcome.end = End::answered;
  outcome.answer = json::parse(answer, "the test")->as_object();
  return outcome;
}

TEST(RecordOf, AFailureIsSkippedWhereItIsUnsupportedElseFailed) {
  const RunRecord skipped =
      record_of(answered("{\"event\":\"failed\",\"status\":" + std::to_string(COLDLOAD_UNSUPPORTED) +
                         ",\"message\":\"no direct I/O here\"}"),
                1);
  EXPECT_EQ(skipped.status, RunStatus::skipped);
  EXPECT_EQ(skipped.reason, "no direct I/O here");
  const RunRecord failed = record_of(answered(R"({"event":"failed","status":4,"message":"gone"})"), 1);
  EXPECT_EQ(failed.status, RunStatus::failed);
  EXPECT_EQ(failed.reason, "gone");
}

TEST(RecordOf, AMalformedRecordIsAFailureThatSaysSo) {
  const RunRecord record = record_of(answered(R"({"event":"record","record":{"status":"splendid"}})"), 1);
  EXPECT_EQ(record.status, RunStatus::failed);
  EXPECT_THAT(record.reason, StartsWith("the worker's record is malformed: "));
  EXPECT_EQ(record_of(answered(R"({"event":"record"})"), 1).status, RunStatus::failed);
}

TEST(RecordOf, ClocksThatDifferByMoreThan50MsDisturbTheRun) {
  for (const auto& [parent_ns, disturbed] : {std::pair<uint64_t, bool>{150'000'000, false},
                                             {150'000'001, true},
                                             {50'000'000, false},
                                             {49'999'999, true}}) {
    RunRecord record;
    record.status = RunStatus::ok;
    record.metrics.push_back({"worker_total_ns", "ns", 100e6});
    WorkerOutcome outcome;
    outcome.end = End::answered;
    outcome.answer = {{"event", "record"}, {"record", to_json(record)}};
    outcome.answered_after_ns = parent_ns;
    const RunRecord judged = record_of(outcome, 1);
    EXPECT_EQ(!judged.disturbed.empty(), disturbed) << parent_ns;
    ASSERT_NE(judged.metric("parent_total_ns"), nullptr);
  }
}

}  // namespace
}  // namespace coldload
