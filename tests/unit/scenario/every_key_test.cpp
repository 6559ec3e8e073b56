// One scenario with every key there is; each is misspelt, given another type and put out of range, and what
// the reader of the message learns is asserted: the line and the key.
#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "support.hpp"

namespace coldload {
namespace {

constexpr std::string_view kEverything = R"(schema = 1
name = "everything"
[model]
path = "qwen2.5-7b"
generate = { like = "qwen2.5-7b", scale = 0.25, seed = 7 }
[backend.nvme]
plugin = "local"
root = "/mnt/nvme/models"
[backend.lake]
plugin = "s3"
url = "s3://models"
part_size = "16 MiB"
retry_wait = "1 s"
rate = "2 Gbit/s"
secret_key = "env:KEY"
[backend.lake-to-nvme]
plugin = "staged"
source = "lake"
target = "nvme"
[strategy.parallel]
threads = [4, 16]
chunk = "8 MiB"
split = "files"
direct = true
share = 0.5
[[compare]]
backend = ["nvme", "lake", "lake-to-nvme"]
strategy = ["parallel"]
destination = "stream"
cache = ["cold", "first-start"]
baseline = "nvme/parallel,threads=4/*"
[run]
repetitions = { min = 6, max = 15, until_ci = "15 %" }
copies = 3
budget = "45 min"
sample = "20 GB"
verify = "backend"
timeout = "10 min"
max_bandwidth = "1 GB/s"
pool = "256 MiB"
probe = false
quiet = false
seed = 9
[policy]
user_facing = "30 s"
internal = "2 min"
dev_test = "10 min"
engine_start = "12 s"
restarts_per_day = 4
[service]
argv = ["vllm", "serve", "{model}", "--port", "{port}"]
port = 8000
health = "/health"
ready_timeout = "5 min"
[[expect]]
case = "nvme/parallel*"
median = "< 5 s"
throughput = "> 1 GB/s"
)";

std::vector<std::string> lines_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The mistakes of the scenario with line `number` (from 1) replaced.
std::vector<std::string> mistakes_with(size_t number, const std::string& replacement) {
  std::string text;
  const auto lines = lines_of(kEverything);
  for (size_t i = 0; i < lines.size(); ++i) text += (i + 1 == number ? replacement : lines[i]) + "\n";
  return mistakes_in(text);
}

// Whether some mistake names line and word.
bool named(const std::vector<std::string>& mistakes, size_t number, const std::string& word) {
  for (const std::string& mistake : mistakes) {
    if (mistake.starts_with(fmt::format("x.toml:{}:", number)) && mistake.find(word) != std::string::npos) {
      return true;
    }
  }
  return false;
}

std::string all(const std::vector<std::string>& mistakes) {
  std::string text;
  for (const std::string& mistake : mistakes) text += mistake + "\n";
  return text;
}

TEST(EveryKey, OfAWholeScenarioIsRead) {
  const auto scenario = parse(std::string(kEverything));
  ASSERT_TRUE(scenario.has_value()) << to_string(scenario.error().front());
  EXPECT_EQ(scenario->name, "everything");
  ASSERT_TRUE(scenario->model.generate.has_value());
  EXPECT_EQ(scenario->model.generate->like, "qwen2.5-7b");
  EXPECT_EQ(scenario->model.generate->scale, 0.25);
  EXPECT_EQ(scenario->model.generate->seed, 7U);
  EXPECT_EQ(scenario->comparisons[0].baseline, "nvme/parallel,threads=4/*");
  const RunSettings& run = scenario->run;
  EXPECT_EQ(run.repetitions_min, 6U);
  EXPECT_EQ(run.repetitions_max, 15U);
  EXPECT_DOUBLE_EQ(run.until_ci.value_or(0), 0.15);
  EXPECT_EQ(run.copies, 3U);
  EXPECT_EQ(run.budget_ns, 2'700'000'000'000U);
  EXPECT_EQ(run.sample_bytes, 20'000'000'000U);
  EXPECT_EQ(run.verify, Verify::each_backend);
  EXPECT_EQ(run.timeout_ns, 600'000'000'000U);
  EXPECT_EQ(run.max_bandwidth, 1'000'000'000U);
  EXPECT_EQ(run.pool_bytes, 256U << 20U);
  EXPECT_FALSE(run.probe);
  EXPECT_FALSE(run.require_quiet);
  EXPECT_EQ(run.seed, 9U);
  ASSERT_TRUE(scenario->policy.has_value());
  EXPECT_EQ(scenario->policy->user_facing_ns, 30'000'000'000U);
  EXPECT_EQ(scenario->policy->internal_ns, 120'000'000'000U);
  EXPECT_EQ(scenario->policy->dev_test_ns, 600'000'000'000U);
  EXPECT_EQ(scenario->policy->engine_start_ns, 12'000'000'000U);
  EXPECT_EQ(scenario->policy->restarts_per_day, 4.0);
  ASSERT_TRUE(scenario->service.has_value());
  EXPECT_EQ(scenario->service->argv.size(), 5U);
  EXPECT_EQ(scenario->service->port, 8000U);
  EXPECT_EQ(scenario->service->health, "/health");
  EXPECT_EQ(scenario->service->ready_timeout_ns, 300'000'000'000U);
  ASSERT_EQ(scenario->expectations.size(), 2U);
  EXPECT_EQ(scenario->expectations[0].metric, "median");
  EXPECT_TRUE(scenario->expectations[0].less);
  EXPECT_EQ(scenario->expectations[0].threshold, 5e9);
  EXPECT_EQ(scenario->expectations[0].case_glob, "nvme/parallel*");
  EXPECT_EQ(scenario->expectations[1].metric, "throughput");
  EXPECT_FALSE(scenario->expectations[1].less);
  EXPECT_EQ(scenario->expectations[1].threshold, 1e9);
}

// Names of components are the user's: misspelling one in its own heading is no mistake.
TEST(EveryKey, MisspeltByOneLetterIsNamedOnItsLine) {
  const auto lines = lines_of(kEverything);
  const std::regex key_pattern("(^|[{,] )([a-z_]+)( =)");
  const std::regex heading_pattern("^(\\[+)([a-z]+)(.*)");
  size_t keys = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    for (auto at = std::sregex_iterator(lines[i].begin(), lines[i].end(), key_pattern);
         at != std::sregex_iterator(); ++at) {
      const std::string key = (*at)[2].str();
      const std::string wrong = key + "x";
      std::string line = lines[i];
      line.replace(static_cast<size_t>(at->position(2)), key.size(), wrong);
      const auto mistakes = mistakes_with(i + 1, line);
      EXPECT_TRUE(named(mistakes, i + 1, wrong)) << line << "\n" << all(mistakes);
      EXPECT_TRUE(named(mistakes, i + 1, fmt::format("did you mean \"{}\"", key))) << line << "\n"
                                                                                   << all(mistakes);
      ++keys;
    }
    std::smatch heading;
    if (std::regex_match(lines[i], heading, heading_pattern)) {
      const std::string wrong = heading[2].str() + "x";
      std::string line = heading[1].str() + wrong + heading[3].str();
      const auto mistakes = mistakes_with(i + 1, line);
      EXPECT_TRUE(named(mistakes, i + 1, wrong)) << line << "\n" << all(mistakes);
      ++keys;
    }
  }
  EXPECT_GT(keys, 55U);
}

TEST(EveryKey, OfAnotherTypeIsNamedOnItsLine) {
  const auto lines = lines_of(kEverything);
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t equals = lines[i].find(" = ");
    if (equals == std::string::npos || lines[i].starts_with('[')) continue;
    const std::string key = lines[i].substr(0, equals);
    for (const std::string_view value : {"[[]]", "{ a = { b = 1 } }", "2026-01-01"}) {
      const auto mistakes = mistakes_with(i + 1, fmt::format("{} = {}", key, value));
      const std::string word = value.starts_with('2') ? "a date or time" : key;
      EXPECT_TRUE(named(mistakes, i + 1, value.starts_with('{') && key == "path" ? "no backend \"a\"" : word))
          << key << " = " << value << "\n"
          << all(mistakes);
    }
  }
}

struct OutOfRange {
  std::string_view key;
  std::string_view values;  // separated by '|'
};

void PrintTo(const OutOfRange& subject, std::ostream* out) {
  *out << subject.key;
}

class EveryKeyOutOfRange : public ::testing::TestWithParam<OutOfRange> {};

TEST_P(EveryKeyOutOfRange, IsNamedOnItsLine) {
  const auto lines = lines_of(kEverything);
  std::istringstream values{std::string(GetParam().values)};
  for (std::string value; std::getline(values, value, '|');) {
    for (size_t i = 0; i < lines.size(); ++i) {
      if (!lines[i].starts_with(fmt::format("{} = ", GetParam().key))) continue;
      const auto mistakes = mistakes_with(i + 1, fmt::format("{} = {}", GetParam().key, value));
      EXPECT_TRUE(named(mistakes, i + 1, std::string(GetParam().key)))
          << GetParam().key << " = " << value << "\n"
          << all(mistakes);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, EveryKeyOutOfRange,
    ::testing::Values(
        OutOfRange{"schema", "0|2|\"1\"|1.0"}, OutOfRange{"name", "\"\"|\"a/b\"|\"..\"|7"},
        OutOfRange{"generate",
                   "{}|{ like = 3 }|{ like = \"qwen2.5-7b\", scale = 0 }|{ like = \"qwen2.5-7b\", scale = "
                   "1.5 }|{ like = \"qwen2.5-7b\", "
                   "scale = nan }|{ like = \"qwen2.5-7b\", seed = -1 }"},
        OutOfRange{"part_size", "\"1 MB\"|\"6 GiB\"|-1|\"8 Mib\"|\"\"|true"},
        OutOfRange{"retry_wait", "\"0\"|\"11 s\"|1|\"1\""}, OutOfRange{"rate", "\"101 GB/s\"|\"2 GB\"|-1"},
        OutOfRange{"secret_key", "\"literal\"|3"}, OutOfRange{"source", "\"nobody\"|1"},
        OutOfRange{"threads", "0|257|1.5|\"4\"|[4, 0]|[4, 4]|[]"},
        OutOfRange{"chunk", "\"1 KiB\"|\"2 GiB\"|-5"}, OutOfRange{"split", "\"file\"|1"},
        OutOfRange{"direct", "\"true\"|1"}, OutOfRange{"share", "1.5|-0.1|nan|inf|\"0.5\""},
        OutOfRange{"backend", "1|[]|[1]"}, OutOfRange{"cache", "1|[]|[true]"},
        OutOfRange{"baseline", "\"\"|1"},
        OutOfRange{
            "repetitions",
            "0|10001|-3|1.5|\"5\"|{ min = 0 }|{ min = 5, max = 4, until_ci = \"15 %\" }|{ min = 5, max = 9 "
            "}|{ until_ci = \"15 %\" }|{ max = 9, until_ci = \"15\" }|{ max = 9, until_ci = \"0 %\" }|{ max "
            "= 9, until_ci = \"101 %\" }|{ max = 9, until_ci = 15 }|{ max = 10001 }"},
        OutOfRange{"copies", "0|1001|1.0"},
        OutOfRange{"budget", "\"0\"|\"1001 h\"|\"45\"|45|\"45 mins\"|\"-1 s\""},
        OutOfRange{"sample", "\"0\"|\"1001 TB\"|20|\"20 Gb\""}, OutOfRange{"verify", "\"cases\"|true|\"\""},
        OutOfRange{"timeout", "\"0\"|\"10 ms\"|\"2000 h\"|10"},
        OutOfRange{"max_bandwidth", "\"0\"|\"1 B/s\"|\"2000 GB/s\"|\"1 GB\"|1"},
        OutOfRange{"pool", "\"0\"|\"1 KiB\"|\"2 TiB\"|1"}, OutOfRange{"probe", "\"no\"|0"},
        OutOfRange{"quiet", "\"no\"|0"}, OutOfRange{"seed", "-1|1.5|\"9\""},
        OutOfRange{"user_facing", "\"0\"|30|\"30\"|\"1001 h\""}, OutOfRange{"internal", "\"0\"|2|\"2 m\""},
        OutOfRange{"dev_test", "\"0\"|2|\"2 m\""}, OutOfRange{"engine_start", "\"0\"|2|\"2 m\""},
        OutOfRange{"restarts_per_day", "-1|86401|nan|\"4\""}, OutOfRange{"argv", "\"vllm serve\"|[]|[1]"},
        OutOfRange{"port", "0|65536|\"8000\""}, OutOfRange{"health", "\"health\"|\"\"|1"},
        OutOfRange{"ready_timeout", "\"0\"|5"}, OutOfRange{"case", "\"\"|1"},
        OutOfRange{"median", "\"5 s\"|\"< 5\"|\"= 5 s\"|5|\"\"|\"<\""},
        OutOfRange{"throughput", "\"1 GB/s\"|\"> 1 GB\"|\"> -1 GB/s\"|1"}));

TEST(EveryKey, ThatATableCannotDoWithoutIsAskedFor) {
  const auto lines = lines_of(kEverything);
  const auto without = [&](std::string_view key, std::string_view heading, const std::string& words) {
    const auto starts_with = [](std::string_view start) {
      return [start](const std::string& line) { return line.starts_with(start); };
    };
    const auto key_at = std::ranges::find_if(lines, starts_with(key));
    const auto heading_at = std::ranges::find_if(lines, starts_with(heading));
    const auto mistakes = mistakes_with(static_cast<size_t>(key_at - lines.begin()) + 1, "");
    EXPECT_TRUE(named(mistakes, static_cast<size_t>(heading_at - lines.begin()) + 1, words)) << all(mistakes);
  };
  without("path", "[model]", "[model]: has no path");
  without("root", "[backend.nvme]", "option \"root\" is missing");
  without("argv", "[service]", "[service]: has no argv");
  without("case", "[[expect]]", "[[expect]]: has no case");
}

}  // namespace
}  // namespace coldload
