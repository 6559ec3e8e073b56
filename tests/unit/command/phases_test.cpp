// Durations in a program's log; vLLM's as vLLM wrote them.
#include "plugins/command/phases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coldload::command {
namespace {

std::string found_in(std::string_view log, const std::vector<PhasePattern>& patterns) {
  std::string text;
  for (const Phase& phase : find_phases(log, patterns)) {
    text += (text.empty() ? "" : " ") + phase.name + "=" + std::to_string(phase.longest_ns / 1000) + "us*" +
            std::to_string(phase.line_count);
  }
  return text;
}

std::string vllm_phases_in(std::string_view log) {
  return found_in(log, preset_phases("vllm"));
}

TEST(CommandDurations, AreANumberAndAUnitOfTime) {
  EXPECT_EQ(duration_of("1.27", "seconds"), 1'270'000'000U);
  EXPECT_EQ(duration_of("37", "secs"), 37'000'000'000U);
  EXPECT_EQ(duration_of("2", ""), 2'000'000'000U);
  EXPECT_EQ(duration_of("12.5", "ms"), 12'500'000U);
  EXPECT_EQ(duration_of("3", "min"), 180'000'000'000U);
  EXPECT_EQ(duration_of("1.2.3", "s"), std::nullopt);
  EXPECT_EQ(duration_of("1", "GiB"), std::nullopt);
  EXPECT_EQ(duration_of("", "s"), std::nullopt);
  EXPECT_EQ(duration_of("1e30", "s"), std::nullopt);
  EXPECT_EQ(duration_of("-1", "s"), std::nullopt);
  EXPECT_EQ(duration_of("nan", "s"), std::nullopt);
}

TEST(CommandPhases, TakeTheLongestOfSeveralLines) {
  EXPECT_EQ(found_in("took 1 s\ntook 2.5 s\ntook 2 s\n", {{"weights", "took ([0-9.]+) (s)"}}),
            "weights=2500000us*3");
}

TEST(CommandPhases, AreAbsentWithoutALine) {
  EXPECT_EQ(found_in("nothing\n", {{"weights", "took ([0-9.]+) s"}}), "");
  EXPECT_EQ(found_in("took 3 fortnights\n", {{"weights", "took ([0-9.]+) (\\w+)"}}), "") << "an unknown unit";
}

TEST(CommandPhases, SeeTheLastLineWithoutNewlineAndLinesAfterAProgressBar) {
  EXPECT_EQ(found_in("Loading: 50%\rtook 7 s", {{"weights", "^took ([0-9.]+) s"}}), "weights=7000000us*1");
}

TEST(CommandPhases, LookAtTheFirstKibibyteOfALine) {
  const std::vector<PhasePattern> pattern = {{"weights", "took ([0-9]+) s"}};
  EXPECT_EQ(found_in(std::string(1024 - 8, 'x') + "took 1 s", pattern), "weights=1000000us*1");
  EXPECT_EQ(found_in(std::string(1024 - 7, 'x') + "took 1 s", pattern), "");
  EXPECT_EQ(found_in(std::string(1 << 20, 'x') + "\ntook 1 s", {{"weights", ".*took ([0-9]+) s"}}),
            "weights=1000000us*1");
}

// Each line verbatim; where it is from: docs/strategies/command.md.
TEST(CommandPresetVllm, ReadsDecember2024) {
  // vllm pull request 11005, 2024-12-09.
  EXPECT_EQ(vllm_phases_in("Dynamo bytecode transform time: 4.60 s\n"
                           "Compiling a graph for general shape takes 14.77 s\n"
                           "torch.compile takes 19.37 s in total\n"
                           "Graph capturing finished in 15 secs, took 0.33 GiB\n"
                           "init engine (profile, create kv cache, warmup model) took 39.34 seconds\n"),
            "compile=19370000us*1 capture=15000000us*1 engine=39340000us*1");
}

TEST(CommandPresetVllm, ReadsMarch2025) {
  // vllm issue 12529, comment of 2025-03-13: gigabytes, not yet gibibytes.
  EXPECT_EQ(vllm_phases_in("INFO 03-13 09:00:34 [loader.py:429] Loading weights took 0.63 seconds\n"
                           "INFO 03-13 09:00:34 [gpu_model_runner.py:1124] Model loading took 3.3414 GB and "
                           "0.767660 seconds\n"),
            "weights=630000us*1 model=767660us*1");
}

TEST(CommandPresetVllm, Reads084) {
  // vllm issue 16961: v0.8.4, comment of 2025-04-22.
  EXPECT_EQ(vllm_phases_in("INFO 04-21 22:56:58 [gpu_model_runner.py:1608] Graph capturing finished in 11412 "
                           "secs, took 1.31 GiB\n"),
            "capture=11412000000us*1");
}

TEST(CommandPresetVllm, ReadsJune2025) {
  // run-ai/runai-model-streamer issue 67, log of 2025-06-02.
  EXPECT_EQ(vllm_phases_in(
                "INFO 06-02 11:03:11 [backends.py:170] Compiling a graph for general shape takes 36.76 s\n"
                "INFO 06-02 11:03:17 [monitor.py:33] torch.compile takes 45.81 s in total\n"
                "INFO 06-02 11:03:55 [gpu_model_runner.py:1933] Graph capturing finished in 37 secs, took "
                "0.45 GiB\n"
                "INFO 06-02 11:03:55 [core.py:167] init engine (profile, create kv cache, warmup model) took "
                "90.84 seconds\n"),
            "compile=45810000us*1 capture=37000000us*1 engine=90840000us*1");
}

TEST(CommandPresetVllm, Reads0100WithColoursAndWorkersSideBySide) {
  // vllm issue 21983: v0.10.0, four workers.
  EXPECT_EQ(vllm_phases_in("\x1b[1;36m(VllmWorker rank=3 pid=6465)\x1b[0;0m INFO 07-25 09:37:17 "
                           "[default_loader.py:272] Loading "
                           "weights took 9.45 seconds\n"
                           "\x1b[1;36m(VllmWorker rank=2 pid=6464)\x1b[0;0m INFO 07-25 09:37:17 "
                           "[gpu_model_runner.py:1801] Model "
                           "loading took 16.9619 GiB and 9.506413 seconds\n"
                           "\x1b[1;36m(VllmWorker rank=0 pid=6462)\x1b[0;0m INFO 07-25 09:37:17 "
                           "[default_loader.py:272] Loading "
                           "weights took 9.54 seconds\n"
                           "\x1b[1;36m(VllmWorker rank=0 pid=6462)\x1b[0;0m INFO 07-25 09:37:18 "
                           "[gpu_model_runner.py:1801] Model "
                           "loading took 16.9619 GiB and 9.959446 seconds\n"),
            "weights=9540000us*2 model=9959446us*2");
}

TEST(CommandPresetVllm, Reads0191) {
  // castorini/rank_llm pull request 426: v0.19.1.
  EXPECT_EQ(vllm_phases_in(
                "(EngineCore pid=1992345) INFO 08-26 22:26:02 [default_loader.py:384] Loading weights took "
                "51.88 seconds\n"
                "(EngineCore pid=1992345) INFO 08-26 22:26:03 [gpu_model_runner.py:4820] Model loading took "
                "13.5 GiB memory and 54.145678 seconds\n"),
            "weights=51880000us*1 model=54145678us*1");
  // noonghunna/club-3090 issue 142, log of 2026-05-15: "took" where it had been "takes".
  EXPECT_EQ(
      vllm_phases_in("(Worker_TP0 pid=119) INFO 05-15 16:02:37 [monitor.py:53] torch.compile took 9.61 s in "
                     "total\n"),
      "compile=9610000us*1");
}

// As vllm/v1/engine/core.py of commit 00080ee writes it: the unit is "s", the compilation is told with it.
TEST(CommandPresetVllm, ReadsTheEngineLineWithItsCompilation) {
  EXPECT_EQ(
      vllm_phases_in(
          "(EngineCore pid=374) INFO [core.py:349] init engine (profile, create kv cache, warmup model) "
          "took 212.68 s (compilation: 13.01 s)\n"),
      "engine=212680000us*1");
}

TEST(CommandPresetVllm, TakesNoLineForAnother) {
  EXPECT_EQ(vllm_phases_in(
                "INFO 07-17 23:41:16 model_runner.py:559] Loading model weights took 6.1138 GB\n"
                "Loading safetensors checkpoint shards: 100% Completed | 3/3 [00:51<00:00, 17.24s/it]\n"),
            "")
      << "a size is no duration";
}

}  // namespace
}  // namespace coldload::command
