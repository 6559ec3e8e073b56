// Whole scenarios, the shape of a file, and what is refused before its keys are looked at.
#include "core/scenario/parse.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/base/limits.hpp"
#include "support.hpp"

namespace coldload {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string read_failure(const std::filesystem::path& path) {
  const auto scenario = read_scenario(path, test_registry());
  return scenario ? "" : to_string(scenario.error().front());
}

std::filesystem::path temporary(std::string_view name) {
  return std::filesystem::path(::testing::TempDir()) /
         fmt::format("coldload-scenario-{}-{}", ::getpid(), name);
}

TEST(Scenario, FillsEveryDefault) {
  const auto scenario = parse(std::string(kHead));
  ASSERT_TRUE(scenario.has_value()) << to_string(scenario.error().front());
  EXPECT_EQ(scenario->name, "x");
  EXPECT_EQ(scenario->model.path, "m");
  ASSERT_EQ(scenario->backends.size(), 1U);
  EXPECT_EQ(scenario->backends[0].name, "nvme");
  EXPECT_EQ(scenario->backends[0].component, "local");
  EXPECT_EQ(to_string(scenario->backends[0].where), "x.toml:4:10");
  ASSERT_EQ(scenario->strategies.size(), 1U);
  EXPECT_EQ(scenario->strategies[0].component, "parallel");
  ASSERT_EQ(scenario->comparisons.size(), 1U);
  EXPECT_TRUE(scenario->comparisons[0].backends.empty());
  EXPECT_EQ(scenario->run.repetitions_min, 5U);
  EXPECT_EQ(scenario->run.repetitions_max, 5U);
  EXPECT_EQ(scenario->run.verify, Verify::each_case);
  EXPECT_FALSE(scenario->policy.has_value());
  EXPECT_FALSE(scenario->service.has_value());
  EXPECT_EQ(scenario->file, "x.toml");
  EXPECT_EQ(scenario->base_directory, "/scenarios");
  EXPECT_EQ(scenario->text, kHead);
}

TEST(Scenario, KeepsTheOrderOfTheFile) {
  const auto scenario =
      parse(with_head("threads = 4\nchunk = \"2 MiB\"\n[strategy.mmap]\n[strategy.io_uring]\n"
                      "[strategy.a]\nplugin = \"mmap\"\n"));
  ASSERT_TRUE(scenario.has_value()) << to_string(scenario.error().front());
  std::vector<std::string> names;
  for (const ComponentSpec& strategy : scenario->strategies) names.push_back(strategy.name);
  EXPECT_THAT(names, ElementsAre("parallel", "mmap", "io_uring", "a"));
  ASSERT_EQ(scenario->strategies[0].options.size(), 2U);
  EXPECT_EQ(scenario->strategies[0].options[0].key, "threads");
  EXPECT_EQ(scenario->strategies[0].options[1].key, "chunk");
}

TEST(Scenario, ReportsSeveralMistakesAtOnce_InTheOrderOfTheFile) {
  EXPECT_THAT(
      mistakes_in(with_head("threads = \"4\"\n[run]\nrepetitons = 3\ncopies = 0\n[polcy]\n")),
      ElementsAre("x.toml:8:11: strategy \"parallel\" (parallel): option \"threads\" is \"4\": expected an "
                  "integer (integer, 1 to 256, default 8)",
                  "x.toml:10:1: [run]: no key \"repetitons\"; did you mean \"repetitions\"?",
                  "x.toml:11:10: [run]: copies: expected an integer, 1 to 1000, found an integer (0)",
                  "x.toml:12:2: scenario: no key \"polcy\"; did you mean \"policy\"?"));
}

TEST(Scenario, ShowsFiftyMistakesAndCountsTheRest) {
  std::string text = with_head("[run]\n");
  for (int i = 0; i < 60; ++i) text += fmt::format("zzzzzzzzz{} = 1\n", i);
  const auto mistakes = mistakes_in(text);
  ASSERT_EQ(mistakes.size(), limits::kDiagnosticsMax + 1);
  EXPECT_EQ(mistakes.back(), "x.toml: 10 more mistakes are not shown");
}

TEST(Scenario, SaysThatTheSchemaIsMissing) {
  EXPECT_THAT(mistakes_in(std::string(kHead).substr(11)),
              ElementsAre("x.toml:1:1: scenario: schema is missing: add \"schema = 1\" as the first line"));
}

TEST(Scenario, RefusesAnotherSchema) {
  EXPECT_THAT(
      mistakes_in("schema = 2" + std::string(kHead).substr(10)),
      ElementsAre("x.toml:1:10: scenario: schema: expected 1, the schema this coldload reads, found an "
                  "integer (2)"));
}

TEST(Scenario, NamesWhatIsMissingFromAnEmptyOne) {
  EXPECT_THAT(mistakes_in("schema = 1\n"),
              ElementsAre("x.toml: scenario: no [model]: add one with a path below each backend's root",
                          "x.toml: scenario: no backend: add a table such as [backend.local]",
                          "x.toml: scenario: no strategy: add a table such as [strategy.parallel]"));
}

TEST(Scenario, PassesOnWhatTheGrammarForbids_WithItsPlace) {
  EXPECT_THAT(mistakes_in("schema = 1\nname = \n"), ElementsAre(HasSubstr("x.toml:2:8: ")));
  EXPECT_THAT(mistakes_in("schema = 1\nschema = 1\n"), ElementsAre(HasSubstr("x.toml:2:")));
}

TEST(Scenario, RefusesDatesAndTimes) {
  EXPECT_THAT(mistakes_in(with_head("threads = 2026-01-01\n")),
              Contains("x.toml:8:11: a date or time has no meaning in a scenario; write text in quotes"));
}

TEST(Scenario, RefusesNulBytesAndInvalidUtf8) {
  EXPECT_THAT(mistakes_in(std::string("schema = 1\nname = \"a\0b\"\n", 22)),
              ElementsAre(HasSubstr("x.toml:2:")));
  EXPECT_THAT(mistakes_in("schema = 1\nname = \"\xff\xfe\"\n"), ElementsAre(HasSubstr("x.toml:2:")));
}

TEST(Scenario, SurvivesHostileShapes) {
  std::string key = "a";
  for (int i = 1; i < 32'000; ++i) key += ".a";
  EXPECT_THAT(mistakes_in(key + " = 1\n"), ElementsAre("x.toml:1:128: a key of more than 64 dotted parts"));
  EXPECT_THAT(mistakes_in("a = " + std::string(100'000, '[')),
              ElementsAre("x.toml:1:69: arrays and tables nested more than 64 deep"));
  std::string tables = "a = ";
  for (int i = 0; i < 50'000; ++i) tables += "{a=";
  EXPECT_THAT(mistakes_in(tables), ElementsAre(HasSubstr("nested more than 64 deep")));
}

TEST(Scenario, ReadsTheDeepestShapeThatIsAllowed) {
  std::string header = "a";
  for (size_t i = 1; i < limits::kTomlKeyPartsMax; ++i) header += ".a";
  std::string value;
  for (size_t i = 0; i < limits::kTomlNestingMax; ++i) value += "[";
  for (size_t i = 0; i < limits::kTomlNestingMax; ++i) value += "]";
  EXPECT_THAT(mistakes_in("[" + header + "]\nb = " + value + "\n" + header + " = 1\n"),
              Contains(HasSubstr("scenario: no key \"a\"")));
}

TEST(Scenario, BoundsTheKeysOfATableAndTheElementsOfAnArray) {
  std::string keys = with_head("[run]\n");
  for (size_t i = 0; i <= limits::kScenarioTableKeysMax; ++i) keys += fmt::format("k{} = 1\n", i);
  EXPECT_THAT(mistakes_in(keys), Contains("x.toml:8:1: a table of 1001 keys, more than the limit of 1000"));
  std::string array = "threads = [1";
  for (size_t i = 0; i < limits::kScenarioArrayMax; ++i) array += ",1";
  EXPECT_THAT(mistakes_in(with_head(array + "]\n")),
              Contains("x.toml:8:11: an array of 10001 elements, more than the limit of 10000"));
}

TEST(ReadScenario, RefusesADirectoryADeviceAndAnAbsentFile) {
  EXPECT_THAT(read_failure("/"), HasSubstr("/: is a directory, expected a file"));
  EXPECT_EQ(read_failure("/dev/zero"), "/dev/zero: is a device, expected a file");
  EXPECT_THAT(read_failure("/no/such/file.toml"), HasSubstr("/no/such/file.toml: No such file or directory"));
}

TEST(ReadScenario, RefusesAnEmptyFileAndAnEmptyPipe) {
  const auto file = temporary("empty");
  std::ofstream(file).close();
  EXPECT_EQ(read_failure(file), file.string() + ": is empty; a scenario starts with \"schema = 1\"");
  std::filesystem::remove(file);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[1]);
  const std::string pipe = fmt::format("/dev/fd/{}", ends[0]);
  EXPECT_EQ(read_failure(pipe), pipe + ": is empty; a scenario starts with \"schema = 1\"");
  ::close(ends[0]);
}

TEST(ReadScenario, ReadsAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], kHead.data(), kHead.size()), static_cast<ssize_t>(kHead.size()));
  ::close(ends[1]);
  EXPECT_EQ(read_failure(fmt::format("/dev/fd/{}", ends[0])), "");
  ::close(ends[0]);
}

TEST(ReadScenario, ReadsAFileOfTheLimitAndRefusesOneByteMore) {
  const auto file = temporary("large");
  std::string text = std::string(kHead) + "#";
  text.resize(limits::kScenarioBytesMax, 'x');
  std::ofstream(file) << text;
  EXPECT_EQ(read_failure(file), "");
  std::ofstream(file) << text << "x";
  EXPECT_EQ(read_failure(file), file.string() + ": larger than the limit of 1 MiB");
  std::filesystem::remove(file);
}

TEST(ReadScenario, TakesRelativePathsFromTheFilesOwnFolder) {
  const auto file = temporary("base.toml");
  std::ofstream(file) << kHead;
  const auto scenario = read_scenario(file, test_registry());
  ASSERT_TRUE(scenario.has_value()) << to_string(scenario.error().front());
  EXPECT_EQ(scenario->base_directory, file.parent_path().lexically_normal().string());
  EXPECT_EQ(scenario->name, file.stem().string());
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace coldload
