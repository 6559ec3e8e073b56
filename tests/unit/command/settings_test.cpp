// What the options of "command" may say, and what is refused by name.
#include "plugins/command/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/plugin_harness.hpp"

namespace coldload::command {
namespace {

using coldload::testing::Component;
using coldload::testing::OptionTexts;
using coldload::testing::Outcome;
using coldload::testing::RecordingHost;
using ::testing::HasSubstr;

Outcome created(const OptionTexts& options) {
  RecordingHost host;
  return Component(host, "command", options).outcome();
}

std::string refusal(const OptionTexts& options) {
  const Outcome outcome = created(options);
  return outcome.status == COLDLOAD_INVALID_OPTION ? outcome.message : "not refused";
}

TEST(CommandSettings, ReplacesModelAndPortAndLeavesEveryOtherBrace) {
  EXPECT_EQ(replace_placeholders("{model}", "/m/x", 81), "/m/x");
  EXPECT_EQ(replace_placeholders("--a={port}:{port}", "/m", 8123), "--a=8123:8123");
  EXPECT_EQ(replace_placeholders(R"({"level": 3, "at": "{model}", "{x}": {}})", "/m", 1),
            R"({"level": 3, "at": "/m", "{x}": {}})");
  EXPECT_EQ(replace_placeholders("{model}", "{port}", 1), "{port}")
      << "what was put in is not looked at again";
}

TEST(CommandSettings, RefuseAnEmptyArgv) {
  EXPECT_THAT(refusal({{"argv", ""}}), HasSubstr("argv is empty"));
}

TEST(CommandSettings, RefuseHttpWithoutAPath) {
  EXPECT_THAT(refusal({{"argv", "x,{port}"}, {"ready", "http"}}), HasSubstr("needs health"));
  EXPECT_THAT(refusal({{"argv", "x,{port}"}, {"health", "health"}}), HasSubstr("begins with '/'"));
  EXPECT_THAT(refusal({{"argv", "x,{port}"}, {"health", "/a b"}}), HasSubstr("has no spaces"));
}

TEST(CommandSettings, RefuseAFreePortThatNobodyTellsTheProgram) {
  EXPECT_THAT(refusal({{"argv", "serve"}, {"health", "/health"}}),
              HasSubstr("nobody tells the program which"));
  EXPECT_EQ(created({{"argv", "serve,{port}"}, {"health", "/health"}}).status, COLDLOAD_OK);
  EXPECT_EQ(created({{"argv", "serve"}, {"health", "/health"}, {"env", "PORT={port}"}}).status, COLDLOAD_OK);
  EXPECT_EQ(created({{"argv", "serve"}, {"health", "/health"}, {"port", "8000"}}).status, COLDLOAD_OK);
}

TEST(CommandSettings, RefuseTwoWaysOfBeingReadyUnlessOneIsNamed) {
  EXPECT_THAT(refusal({{"argv", "x,{port}"}, {"health", "/h"}, {"ready_line", "up"}}),
              HasSubstr("ready says which of them counts"));
  EXPECT_EQ(created({{"argv", "x,{port}"}, {"health", "/h"}, {"ready_line", "up"}, {"ready", "line"}}).status,
            COLDLOAD_OK);
  EXPECT_THAT(refusal({{"argv", "x"}, {"ready", "line"}}), HasSubstr("needs ready_line"));
}

TEST(CommandSettings, OfPresetVllmAskForItsHealthUnlessALineIsGiven) {
  EXPECT_THAT(refusal({{"argv", "vllm"}, {"preset", "vllm"}}), HasSubstr("neither argv nor env has {port}"));
  EXPECT_EQ(created({{"argv", "vllm,{port}"}, {"preset", "vllm"}}).status, COLDLOAD_OK);
  EXPECT_EQ(created({{"argv", "vllm"}, {"preset", "vllm"}, {"ready_line", "complete"}}).status, COLDLOAD_OK);
}

TEST(CommandSettings, RefuseWhatIsNoPattern) {
  EXPECT_THAT(refusal({{"argv", "x"}, {"ready_line", "(("}}), HasSubstr("ready_line: \"((\" is no pattern"));
  EXPECT_THAT(refusal({{"argv", "x"}, {"phases", "weights=took [0-9.]+ s"}}),
              HasSubstr("no group for the number"));
  EXPECT_THAT(refusal({{"argv", "x"}, {"phases", "Weights=took ([0-9.]+) s"}}), HasSubstr("is no name"));
  EXPECT_THAT(refusal({{"argv", "x"}, {"phases", "ready=took ([0-9.]+) s"}}),
              HasSubstr("the name of the whole"));
}

TEST(CommandSettings, RefuseCredentialsInEnv) {
  for (const char* name :
       {"HF_TOKEN", "VLLM_API_KEY", "AWS_SECRET_ACCESS_KEY", "db_password", "OPENAI_KEY"}) {
    EXPECT_THAT(refusal({{"argv", "x"}, {"env", std::string(name) + "=abc"}}),
                HasSubstr(std::string("env sets ") + name + ": no credential stands in a scenario"));
  }
  for (const char* name :
       {"VLLM_USE_V1", "TOKENIZERS_PARALLELISM", "VLLM_MAX_NUM_BATCHED_TOKENS", "KEYBOARD"}) {
    EXPECT_EQ(created({{"argv", "x"}, {"env", std::string(name) + "=1"}}).status, COLDLOAD_OK) << name;
  }
  EXPECT_THAT(refusal({{"argv", "x"}, {"env", "=1"}}), HasSubstr("is no variable's name"));
}

}  // namespace
}  // namespace coldload::command
