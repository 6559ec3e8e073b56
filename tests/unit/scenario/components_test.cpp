// [backend.NAME], [strategy.NAME], their sweeps, what is built on what, and [[compare]].
#include <fmt/format.h>

#include "core/scenario/components.hpp"
#include "support.hpp"

namespace coldload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Components, NamesTheNearestPluginForAMisspeltOne) {
  EXPECT_THAT(mistakes_in(with_head("[backend.lake]\nplugin = \"s4\"\nurl = \"s3://m\"\n")),
              ElementsAre("x.toml:9:10: backend \"lake\": no backend plugin \"s4\"; did you mean \"s3\"?"));
  EXPECT_THAT(mistakes_in(with_head("[strategy.paralel]\n")),
              ElementsAre("x.toml:8:11: strategy \"paralel\": no strategy plugin \"paralel\"; did you mean "
                          "\"parallel\"?"));
}

TEST(Components, SaysWhenAPluginIsOfTheOtherKind) {
  EXPECT_THAT(mistakes_in(with_head("[backend.mmap]\n")),
              ElementsAre("x.toml:8:10: backend \"mmap\": no backend plugin \"mmap\": it is a strategy"));
}

TEST(Components, SaysHowToNamePluginsWhenThereAreNone) {
  const auto scenario = parse_scenario(std::string(kHead), "x.toml", "/", Registry{});
  ASSERT_FALSE(scenario.has_value());
  EXPECT_EQ(
      to_string(scenario.error().front()),
      "x.toml:5:10: backend \"nvme\": no backend plugin \"local\"; none is installed, name some by --plugin "
      "or COLDLOAD_PLUGIN_PATH");
}

TEST(Components, RefusesNamesThatWouldBreakAnId) {
  for (const std::string_view name : {"a/b", "a,b", "a*", "a=b", "Nvme", "a b", ""}) {
    EXPECT_THAT(
        mistakes_in(with_head(fmt::format("[backend.\"{}\"]\nplugin = \"local\"\nroot = \"/\"\n", name))),
        ElementsAre(fmt::format("x.toml:8:10: backend \"{}\": a name has 1 to 64 characters of a-z, 0-9, "
                                "'_', '.' and '-'",
                                name)));
  }
}

TEST(Components, AcceptsANameOf64CharactersAndRefuses65) {
  const auto backend = [](size_t length) {
    return with_head(
        fmt::format("[backend.{}]\nplugin = \"local\"\nroot = \"/\"\n", std::string(length, 'a')));
  };
  EXPECT_THAT(mistakes_in(backend(64)), IsEmpty());
  EXPECT_THAT(mistakes_in(backend(65)), ElementsAre(HasSubstr("a name has 1 to 64 characters")));
}

TEST(Components, ReportsOptionsByTheTableOfTheirPlugin) {
  EXPECT_THAT(
      mistakes_in(with_head("[backend.lake]\nplugin = \"s3\"\nurl = \"s3://m\"\npart_sise = \"8 MiB\"\n")),
      ElementsAre(
          "x.toml:11:1: backend \"lake\" (s3): no option \"part_sise\"; did you mean \"part_size\" (bytes, "
          "1 MiB to 5 GiB, default 8 MiB)?"));
  EXPECT_THAT(mistakes_in(with_head("[backend.lake]\nplugin = \"s3\"\n")),
              ElementsAre(HasSubstr("x.toml:8:10: backend \"lake\" (s3): option \"url\" is missing")));
}

TEST(Components, RefusesALiteralSecret_WithoutShowingIt) {
  const auto mistakes =
      mistakes_in(with_head("[backend.lake]\nplugin = \"s3\"\nurl = \"s3://m\"\nsecret_key = \"hunter2\"\n"));
  ASSERT_EQ(mistakes.size(), 1U);
  EXPECT_THAT(mistakes[0], HasSubstr("x.toml:11:14: "));
  EXPECT_THAT(mistakes[0], HasSubstr("secret_key"));
  EXPECT_THAT(mistakes[0], ::testing::Not(HasSubstr("hunter2")));
}

TEST(Components, ChecksEveryElementOfASweep) {
  EXPECT_THAT(
      mistakes_in(with_head("threads = [1, 0, 4, 257]\nchunk = [\"1 MiB\", \"2 Mib\"]\n")),
      ElementsAre(HasSubstr("x.toml:8:15: strategy \"parallel\" (parallel): option \"threads\" is 0"),
                  HasSubstr("x.toml:8:21: strategy \"parallel\" (parallel): option \"threads\" is 257"),
                  HasSubstr("x.toml:9:19: ")));
}

TEST(Components, RefusesSweepsOfNothingAndOfTheSameTwice) {
  EXPECT_THAT(
      mistakes_in(with_head("threads = []\n")),
      ElementsAre("x.toml:8:11: strategy \"parallel\" (parallel): threads: the array is empty: there is "
                  "nothing to sweep"));
  EXPECT_THAT(
      mistakes_in(with_head("threads = [4, 8, 4]\n")),
      ElementsAre("x.toml:8:18: strategy \"parallel\" (parallel): threads: 4 stands in the sweep twice"));
}

TEST(Components, NamesAMisspeltPluginKey_WhetherOrNotTheTableIsNamedAfterOne) {
  EXPECT_THAT(mistakes_in(with_head("[backend.near]\nplugn = \"local\"\nroot = \"/\"\n")),
              ElementsAre("x.toml:9:1: backend \"near\": no key \"plugn\"; did you mean \"plugin\"?"));
  EXPECT_THAT(mistakes_in(with_head("[backend.local]\nplugn = \"local\"\nroot = \"/\"\n")),
              ElementsAre("x.toml:9:1: backend \"local\": no key \"plugn\"; did you mean \"plugin\"?"));
}

TEST(Components, AnArrayIsTheValueOfAListOption) {
  EXPECT_THAT(mistakes_in(with_head("[strategy.command]\nargv = [\"cat\", \"cat\"]\n")), IsEmpty());
}

TEST(Components, NamesWhatABackendIsBuiltOn) {
  const auto scenario = parse(
      with_head("[backend.lake]\nplugin = \"s3\"\nurl = \"s3://m\"\n[backend.near]\nplugin = \"staged\"\n"
                "source = [\"lake\", \"nvme\"]\ntarget = \"nvme\"\n"));
  ASSERT_TRUE(scenario.has_value()) << to_string(scenario.error().front());
  std::vector<std::string> names;
  for (const BuiltOn& inner : built_on(scenario->backends[2], test_registry()))
    names.push_back(inner.backend);
  EXPECT_THAT(names, ElementsAre("lake", "nvme", "nvme"));
}

TEST(Components, RefusesABackendBuiltOnItself) {
  EXPECT_THAT(mistakes_in(with_head("[backend.a]\nplugin = \"staged\"\nsource = \"b\"\ntarget = \"nvme\"\n"
                                    "[backend.b]\nplugin = \"staged\"\nsource = \"nvme\"\ntarget = \"a\"\n")),
              ElementsAre("x.toml:15:10: backend \"a\" is built on itself: a -> b -> a"));
  EXPECT_THAT(mistakes_in(with_head("[backend.a]\nplugin = \"staged\"\nsource = \"a\"\ntarget = \"nvme\"\n")),
              ElementsAre("x.toml:10:10: backend \"a\" is built on itself: a -> a"));
}

TEST(Components, NamesTheNearestBackendForAMisspeltSource) {
  EXPECT_THAT(
      mistakes_in(with_head("[backend.a]\nplugin = \"staged\"\nsource = \"nvmw\"\ntarget = \"nvme\"\n")),
      ElementsAre("x.toml:10:10: backend \"a\" (staged): option \"source\" names no backend: \"nvmw\"; did "
                  "you mean \"nvme\"?"));
}

TEST(Compare, TakesOneNameOrSeveral) {
  const auto scenario =
      parse(with_head("[[compare]]\nbackend = \"nvme\"\nstrategy = [\"parallel\"]\n"
                      "destination = [\"stream\", \"host\"]\ncache = \"as-is\"\n[[compare]]\n"));
  ASSERT_TRUE(scenario.has_value()) << to_string(scenario.error().front());
  ASSERT_EQ(scenario->comparisons.size(), 2U);
  EXPECT_THAT(scenario->comparisons[0].backends, ElementsAre("nvme"));
  EXPECT_THAT(scenario->comparisons[0].destinations, ElementsAre("stream", "host"));
  EXPECT_THAT(scenario->comparisons[0].caches, ElementsAre(CacheState::as_is));
  EXPECT_THAT(scenario->comparisons[1].backends, IsEmpty());
  EXPECT_EQ(scenario->comparisons[0].where.line, 8U);
}

TEST(Compare, NamesTheNearestOfEachAxis) {
  EXPECT_THAT(mistakes_in(with_head("[[compare]]\nbackend = \"nvm\"\nstrategy = [\"parallel\", \"paralel\"]\n"
                                    "destination = \"hots\"\ncache = \"hot\"\n")),
              ElementsAre("x.toml:9:11: [[compare]]: no backend \"nvm\"; did you mean \"nvme\"?",
                          "x.toml:10:25: [[compare]]: no strategy \"paralel\"; did you mean \"parallel\"?",
                          "x.toml:11:15: [[compare]]: no destination \"hots\"; did you mean \"host\"?",
                          "x.toml:12:9: [[compare]]: no cache state \"hot\"; known are cold, warm, as-is, "
                          "first-start"));
}

TEST(Compare, SaysHowItsTablesAreHeaded) {
  EXPECT_THAT(
      mistakes_in(with_head("[compare]\nbackend = \"nvme\"\n")),
      ElementsAre("x.toml:8:1: scenario: compare: expected tables headed [[compare]], found a table"));
  EXPECT_THAT(mistakes_in(with_head("[[compare]]\nbackend = []\n")),
              ElementsAre("x.toml:9:11: [[compare]]: backend: the array is empty: leave the key out, or name "
                          "something"));
}

TEST(Model, TakesAPathPerBackend_AndNeedsOneForEachThatIsCompared) {
  const std::string rest =
      "path = \"m\"\n[backend.nvme]\nplugin = \"local\"\nroot = \"/a\"\n[backend.nfs]\nplugin = \"local\"\n"
      "root = \"/b\"\n[strategy.mmap]\n";
  const auto scenario = parse("schema = 1\n[model.path]\nnvme = \"x\"\nnfs = \"y/z\"\n" + rest.substr(11));
  ASSERT_TRUE(scenario.has_value()) << to_string(scenario.error().front());
  EXPECT_EQ(scenario->model.path_on("nvme"), "x");
  EXPECT_EQ(scenario->model.path_on("nfs"), "y/z");
  EXPECT_THAT(mistakes_in("schema = 1\n[model.path]\nnvme = \"x\"\nnsf = \"y\"\n" + rest.substr(11)),
              ElementsAre(HasSubstr("[model.path]: no path for backend \"nfs\", which is compared"),
                          "x.toml:4:1: [model.path]: no backend \"nsf\"; did you mean \"nfs\"?"));
}

TEST(Model, NamesTheNearestArchitectureToBeLike) {
  EXPECT_THAT(
      mistakes_in("schema = 1\n[model]\npath = \"m\"\ngenerate = { like = \"qwen2.5-7\" }\n[backend.local]\n"
                  "root = \"/a\"\n[strategy.mmap]\n"),
      ElementsAre("x.toml:4:21: [model]: generate: like: no model \"qwen2.5-7\" to be like; did you mean "
                  "\"qwen2.5-7b\"?"));
}

TEST(Model, RefusesPathsThatLeaveTheRootOrHaveTwoSpellings) {
  const auto mistake = [](std::string_view path) {
    const auto mistakes =
        mistakes_in(fmt::format("schema = 1\n[model]\npath = \"{}\"\n[backend.nvme]\nplugin = "
                                "\"local\"\nroot = \"/a\"\n[strategy.mmap]\n",
                                path));
    return mistakes.empty() ? "" : mistakes.front();
  };
  EXPECT_EQ(mistake(""), "");
  EXPECT_EQ(mistake("a/b"), "");
  EXPECT_EQ(mistake("/a"),
            "x.toml:3:8: [model]: path: \"/a\" starts with '/'; the path is relative to each backend's root");
  EXPECT_EQ(
      mistake("a/../b"),
      "x.toml:3:8: [model]: path: \"a/../b\" has a part \"..\"; expected names separated by single slashes");
  EXPECT_THAT(mistake("a/"), HasSubstr("has a part \"\""));
  EXPECT_THAT(mistake("a//b"), HasSubstr("has a part \"\""));
  EXPECT_THAT(mistake("./a"), HasSubstr("has a part \".\""));
  EXPECT_THAT(mistake("a\\u0000b"), HasSubstr("has a part"));
}

}  // namespace
}  // namespace coldload
