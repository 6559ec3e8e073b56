// The strategy as a host drives it: readiness by each of its ways, failures by name, phases, no process left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/plugin_harness.hpp"
#include "tests/unit/plugins/scratch.hpp"

namespace coldload::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CommandStrategy : public ::testing::Test {
 protected:
  // Runs the strategy over two files of a local backend.
  Outcome run(const OptionTexts& options) {
    const Component backend(host_, "local", {{"root", scratch_.path()}});
    const Component strategy(host_, "command", options);
    if (strategy.outcome().status != COLDLOAD_OK) return strategy.outcome();
    Load load(host_, backend, strategy, {first_, second_});
    return load.run();
  }
  // A shell script as the program.
  Outcome run_script(const std::string& script, OptionTexts options = {}) {
    options["argv"] = "sh\n-c\n" + script + "\nname\n{model}\n{port}";
    return run(options);
  }

  RecordingHost host_;
  Scratch scratch_;
  Expected first_ = scratch_.file("model/a.safetensors", 5000);
  Expected second_ = scratch_.file("model/b.safetensors", 3000);
};

TEST_F(CommandStrategy, IsReadyWhenTheProgramExitsWithStatus0) {
  const Outcome outcome = run_script("test -f \"$1/a.safetensors\" && test -f \"$1/b.safetensors\"");
  EXPECT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  EXPECT_EQ(host_.evidence("ready"), "exit");
  EXPECT_EQ(host_.evidence("model"), scratch_.path() + "/model");
  EXPECT_THAT(host_.evidence("program"), ::testing::EndsWith("/sh"));
  EXPECT_EQ(host_.evidence("ended_by"), "itself");
  EXPECT_GT(host_.metric("command/ready_ns"), 0);
}

TEST_F(CommandStrategy, IsReadyAtALineOfOutputAndEndsTheProgramAfterwards) {
  const Outcome outcome =
      run_script("echo loading; echo 'ready to serve' >&2; sleep 1000", {{"ready_line", "^ready to \\w+$"}});
  EXPECT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  EXPECT_EQ(host_.evidence("ready"), "line");
  EXPECT_EQ(host_.evidence("ended_by"), "SIGTERM");
  EXPECT_LT(host_.metric("command/ready_ns"), 900e9);
}

TEST_F(CommandStrategy, IsReadyAtALineThatIsTheLastAndHasNoNewline) {
  EXPECT_EQ(run_script("printf ready", {{"ready_line", "ready"}}).status, COLDLOAD_OK);
}

TEST_F(CommandStrategy, FailsWhenTheProgramFails) {
  const Outcome outcome = run_script("echo out of memory; exit 3");
  EXPECT_EQ(outcome.status, COLDLOAD_IO_ERROR);
  EXPECT_THAT(outcome.message, StartsWith("sh failed, after "));
  EXPECT_THAT(outcome.message, HasSubstr("with exit status 3; its last line: out of memory"));
  EXPECT_EQ(host_.metric("command/ready_ns"), -1);
}

TEST_F(CommandStrategy, FailsWhenTheProgramEndsBeforeItsLineEvenWell) {
  const Outcome outcome = run_script("exit 0", {{"ready_line", "ready"}});
  EXPECT_EQ(outcome.status, COLDLOAD_IO_ERROR);
  EXPECT_THAT(outcome.message, HasSubstr("ended before it was ready"));
  EXPECT_THAT(outcome.message, HasSubstr("exit status 0; it wrote nothing"));
}

TEST_F(CommandStrategy, FailsWhenASignalEndsTheProgram) {
  EXPECT_THAT(run_script("kill -9 $$").message, HasSubstr("with signal 9"));
}

TEST_F(CommandStrategy, FailsWhenTheProgramIsNotReadyInTime) {
  const Outcome outcome =
      run_script("echo loading; sleep 1000", {{"ready_line", "ready"}, {"ready_timeout", "300 ms"}});
  EXPECT_EQ(outcome.status, COLDLOAD_TIMED_OUT);
  EXPECT_EQ(outcome.message, "sh was not ready after 0.3 s; its last line: loading");
  EXPECT_EQ(host_.evidence("ended_by"), "SIGTERM");
}

TEST_F(CommandStrategy, SaysWhatTheHealthPathGaveLast) {
  const Outcome outcome = run_script("sleep 1000", {{"health", "/health"}, {"ready_timeout", "300 ms"}});
  EXPECT_EQ(outcome.status, COLDLOAD_TIMED_OUT);
  EXPECT_THAT(outcome.message, HasSubstr("/health on port "));
  EXPECT_THAT(outcome.message, HasSubstr(" gave connection refused; it wrote nothing"));
}

TEST_F(CommandStrategy, FailsWhenThereIsNoSuchProgram) {
  const Outcome outcome = run({{"argv", "no-such-program-of-coldload,{model}"}});
  EXPECT_EQ(outcome.status, COLDLOAD_NOT_FOUND);
  EXPECT_THAT(outcome.message, HasSubstr("no program \"no-such-program-of-coldload\""));
}

TEST_F(CommandStrategy, StopsWithTheRun) {
  std::thread stopper([this] {
    std::this_thread::sleep_for(std::chrono::seconds(1));  // until the trap is set
    host_.cancelled = true;
  });
  const auto began = std::chrono::steady_clock::now();
  const Outcome outcome = run_script("trap '' TERM; while :; do sleep 0.1; done");
  const auto took = std::chrono::steady_clock::now() - began;
  stopper.join();
  EXPECT_EQ(outcome.status, COLDLOAD_CANCELLED);
  EXPECT_EQ(host_.evidence("ended_by"), "SIGKILL");
  EXPECT_LT(took, std::chrono::seconds(9)) << "not the 10 s that stop_grace would allow";
}

TEST_F(CommandStrategy, RecordsPhasesAndNamesThoseWithoutALine) {
  const Outcome outcome = run_script("echo 'read in 1.5 s'; echo 'read in 2 s'; echo 'built in 250 ms'",
                                     {{"phases",
                                       "weights=read in ([0-9.]+) (s)\nbuild=built in ([0-9.]+) (ms)\n"
                                       "warmup=warm after ([0-9.]+) s"}});
  EXPECT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  EXPECT_EQ(host_.metric("command/weights_ns"), 2e9);
  EXPECT_EQ(host_.evidence("weights_lines"), "2");
  EXPECT_EQ(host_.metric("command/build_ns"), 250e6);
  EXPECT_EQ(host_.metric("command/warmup_ns"), -1);
  EXPECT_EQ(host_.evidence("phases_without_line"), "warmup");
}

TEST_F(CommandStrategy, TellsAPresetsLinesAndAScenariosOwnPatternInItsPlace) {
  const Outcome outcome =
      run_script("echo 'Loading weights took 3.00 seconds'; echo 'mine took 4 s'; echo ready; sleep 1000",
                 {{"preset", "vllm"}, {"ready_line", "^ready"}, {"phases", "weights=mine took ([0-9.]+) s"}});
  EXPECT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  EXPECT_EQ(host_.metric("command/weights_ns"), 4e9);
  EXPECT_EQ(host_.evidence("phases_without_line"), "model,compile,capture,engine");
}

TEST_F(CommandStrategy, GivesTheEndOfTheOutputToTheLogWithoutCredentials) {
  ::setenv("COLDLOAD_TEST_SECRET", "do-not-tell-anyone", 1);
  const Outcome outcome = run_script("echo \"secret $COLDLOAD_TEST_SECRET\"; exit 1");
  ::unsetenv("COLDLOAD_TEST_SECRET");
  EXPECT_THAT(host_.logged(), HasSubstr("secret [COLDLOAD_TEST_SECRET]\n"));
  EXPECT_THAT(outcome.message, HasSubstr("its last line: secret [COLDLOAD_TEST_SECRET]"));
}

TEST_F(CommandStrategy, FindsTheModelsDirectoryBehindLinksToBlobs) {
  std::filesystem::create_directories(scratch_.path() + "/blobs");
  for (const char* name : {"a", "b"}) {
    const std::string file = scratch_.path() + "/model/" + name + ".safetensors";
    std::filesystem::rename(file, scratch_.path() + "/blobs/0" + name);
    std::filesystem::create_symlink("../blobs/0" + std::string(name), file);
  }
  EXPECT_EQ(run_script("test -f \"$1/a.safetensors\"").status, COLDLOAD_OK);
  EXPECT_EQ(host_.evidence("model"), scratch_.path() + "/model");
}

TEST_F(CommandStrategy, RunsTwiceInOneProcess) {
  const Component backend(host_, "local", {{"root", scratch_.path()}});
  const Component strategy(host_, "command", {{"argv", "true"}});
  for (int i = 0; i < 2; ++i) {
    Load load(host_, backend, strategy, {first_});
    EXPECT_EQ(load.run().status, COLDLOAD_OK);
  }
}

TEST_F(CommandStrategy, NeedsAPathAndNoBuffers) {
  const Component null(host_, "null", {});
  const Component strategy(host_, "command", {{"argv", "true"}});
  Load load(host_, null, strategy, {});
  EXPECT_EQ(load.open().status, COLDLOAD_OK);
  EXPECT_EQ(load.requirements().capabilities, static_cast<uint32_t>(COLDLOAD_CAN_PATH));
  EXPECT_EQ(load.requirements().buffers_in_flight, 0U);
  EXPECT_EQ(load.requirements().own_time_ns, 600'000'000'000 + 10'000'000'000 + 20'000'000'000U);
  EXPECT_EQ(strategy.table().flags,
            static_cast<uint32_t>(COLDLOAD_COMPONENT_RUNS_PROGRAMS | COLDLOAD_COMPONENT_EXTERNAL));
}

}  // namespace
}  // namespace coldload::testing
