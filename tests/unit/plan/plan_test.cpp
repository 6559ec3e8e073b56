// Which cases a scenario means, what is asked of backends for them, and when they do not fit together.
#include "core/plan/plan.hpp"

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "support.hpp"

namespace coldload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kTwoStrategies = "[strategy.parallel]\n[strategy.mmap]\n";

TEST(Plan, ByDefaultComparesEveryOuterBackendWithEveryStrategyColdIntoAStream) {
  EXPECT_THAT(ids_of(plan_of(kNvme + kTwoStrategies)),
              ElementsAre("nvme/parallel/stream/cold", "nvme/mmap/stream/cold"));
}

TEST(Plan, ByDefaultAddsTheFirstStartOfAStagedBackend_AndLeavesItsSourceAndTargetOut) {
  EXPECT_THAT(ids_of(plan_of(kNvme + kLake + kStaged + "[strategy.parallel]\n")),
              ElementsAre("near/parallel/stream/cold", "near/parallel/stream/first-start"));
}

TEST(Plan, OrdersCasesByBackendStrategyDestinationCache) {
  EXPECT_THAT(ids_of(plan_of(kNvme + kTwoStrategies +
                             "[[compare]]\nstrategy = [\"mmap\", \"parallel\"]\ndestination = [\"stream\", "
                             "\"host\"]\ncache = [\"cold\", \"warm\"]\n")),
              ElementsAre("nvme/mmap/stream/cold", "nvme/mmap/stream/warm", "nvme/mmap/host/cold",
                          "nvme/mmap/host/warm", "nvme/parallel/stream/cold", "nvme/parallel/stream/warm",
                          "nvme/parallel/host/cold", "nvme/parallel/host/warm"));
}

TEST(Plan, SweepsMultiply_AndIdsCarrySweptOptionsOnlyInFileOrder) {
  const auto plan = plan_of(
      kNvme + "[strategy.parallel]\nchunk = [\"1 MiB\", \"8 MiB\"]\ndirect = true\nthreads = [4, 16]\n");
  EXPECT_THAT(ids_of(plan), ElementsAre("nvme/parallel,chunk=1 MiB,threads=4/stream/cold",
                                        "nvme/parallel,chunk=1 MiB,threads=16/stream/cold",
                                        "nvme/parallel,chunk=8 MiB,threads=4/stream/cold",
                                        "nvme/parallel,chunk=8 MiB,threads=16/stream/cold"));
  const ValueTable& options = plan->cases[1].strategy.options;
  EXPECT_EQ(to_string(find_member(options, "threads")->value), "16");
  EXPECT_EQ(to_string(find_member(options, "chunk")->value), "1 MiB");
  EXPECT_EQ(to_string(find_member(options, "direct")->value), "true");
}

TEST(Plan, SweepsOfABackendReachTheOnesBuiltOnIt) {
  const auto plan = plan_of(kNvme +
                            "[backend.lake]\nplugin = \"s3\"\nurl = \"s3://m\"\npart_size = [\"8 MiB\", \"16 "
                            "MiB\"]\n" +
                            kStaged + "[strategy.mmap]\n[[compare]]\ncache = \"cold\"\n");
  EXPECT_THAT(ids_of(plan), ElementsAre("near,lake.part_size=8 MiB/mmap/stream/cold",
                                        "near,lake.part_size=16 MiB/mmap/stream/cold"));
  const BackendChain& chain = plan->cases[1].backend;
  ASSERT_EQ(chain.size(), 3U);
  EXPECT_EQ(chain[0].name, "lake");
  EXPECT_EQ(to_string(find_member(chain[0].options, "part_size")->value), "16 MiB");
  EXPECT_EQ(chain[1].name, "nvme");
  EXPECT_EQ(chain[2].name, "near");
}

TEST(Plan, SweepsOverSourcesMakeAChainEach) {
  const auto plan = plan_of(kNvme + kLake +
                            "[backend.near]\nplugin = \"staged\"\nsource = [\"lake\", \"nvme\"]\ntarget = "
                            "\"nvme\"\n[strategy.mmap]\n[[compare]]\ncache = \"cold\"\n");
  // Both chains hold what either source needs: which one is meant stands in the options of "near".
  EXPECT_THAT(ids_of(plan),
              ElementsAre("near,source=lake/mmap/stream/cold", "near,source=nvme/mmap/stream/cold"));
  EXPECT_EQ(plan->cases[0].backend.size(), 3U);
  EXPECT_EQ(plan->cases[1].backend.size(), 2U);
}

TEST(Plan, SeveralComparisonsAddUp_AndIdenticalCasesAreOne) {
  EXPECT_THAT(
      ids_of(plan_of(kNvme + kTwoStrategies +
                     "[[compare]]\nstrategy = \"mmap\"\ncache = \"cold\"\n[[compare]]\ncache = \"cold\"\n")),
      ElementsAre("nvme/mmap/stream/cold", "nvme/parallel/stream/cold"));
}

TEST(Plan, RefusesMoreCasesThanTheLimit_AndAcceptsTheLimit) {
  const auto sweep = [](size_t count) {
    std::string list;
    for (size_t i = 0; i < count; ++i) list += fmt::format("{}{}", i == 0 ? "" : ", ", 4096 + i);
    return kNvme + "[strategy.mmap]\nthreads = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\nchunk = [" + list +
           "]\n[[compare]]\ncache = \"cold\"\n";
  };
  EXPECT_EQ(ids_of(plan_of(sweep(limits::kCasesMax / 10))).size(), limits::kCasesMax);
  EXPECT_THAT(
      mistakes_of(plan_of(sweep(limits::kCasesMax / 10 + 1))),
      ElementsAre("x.toml:7:11: \"mmap\": its sweeps mean more than 10000 cases; sweep fewer values"));
}

TEST(Plan, RefusesComparisonsThatMeanTooManyCasesTogether) {
  std::string list = "4096";
  for (int i = 1; i < 3000; ++i) list += fmt::format(", {}", 4096 + i);
  EXPECT_THAT(
      mistakes_of(plan_of(kNvme + "[strategy.mmap]\nchunk = [" + list +
                          "]\n[[compare]]\ncache = [\"cold\", \"warm\", \"as-is\", \"first-start\"]\n")),
      ElementsAre("x.toml:9:1: the comparisons mean more than 10000 cases; compare less"));
}

TEST(Plan, AsksEachBackendAndStrategyOnce) {
  std::vector<std::string> asked;
  const auto plan =
      plan_of(scenario_of(kNvme + kLake + kTwoStrategies +
                          "[[compare]]\ndestination = [\"stream\", \"host\"]\ncache = [\"cold\", "
                          "\"warm\"]\n[[compare]]\n"),
              [&](const SurveyRequest& request) {
                asked.push_back(request.backend.back().name + "/" + request.strategy.name);
                EXPECT_EQ(request.model_path, "m");
                EXPECT_EQ(request.base_directory, "/scenarios");
                return usual_survey(request);
              });
  EXPECT_TRUE(plan.has_value());
  EXPECT_THAT(asked, ElementsAre("nvme/parallel", "nvme/mmap", "lake/parallel", "lake/mmap"));
}

TEST(Plan, OnlyKeepsTheCasesAGlobMatches_AndAsksForNoOthers) {
  int asked = 0;
  PlanOptions options = usual_options();
  options.only = "nvme/*";
  const auto plan = plan_of(
      scenario_of(kNvme + kLake + kTwoStrategies),
      [&](const SurveyRequest& request) {
        ++asked;
        return usual_survey(request);
      },
      options);
  EXPECT_THAT(ids_of(plan), ElementsAre("nvme/parallel/stream/cold", "nvme/mmap/stream/cold"));
  EXPECT_EQ(asked, 2);
}

TEST(Plan, SaysWhenOnlyMatchesNothing) {
  PlanOptions options = usual_options();
  options.only = "nvme/mmpa/stream/cold";
  EXPECT_THAT(mistakes_of(plan_of(kNvme + kTwoStrategies, options)),
              ElementsAre("--only: \"nvme/mmpa/stream/cold\" matches no case; did you mean "
                          "\"nvme/mmap/stream/cold\"?"));
}

TEST(Plan, SaysWhichCasesThereAre_WhereOnlyIsLikeNone) {
  PlanOptions options = usual_options();
  options.only = "gone/*";
  EXPECT_THAT(mistakes_of(plan_of(kNvme + kTwoStrategies, options)),
              ElementsAre("--only: \"gone/*\" matches no case; cases are nvme/parallel/stream/cold, "
                          "nvme/mmap/stream/cold"));
}

TEST(Plan, SaysWhenOnlyMeansAFirstStartOfABackendThatDoesNotStage) {
  PlanOptions options = usual_options();
  options.only = "nvme/*/first-start";
  EXPECT_THAT(mistakes_of(plan_of(kNvme + kTwoStrategies, options)),
              ElementsAre("--only: \"nvme/*/first-start\" matches no case: backend \"nvme\" does not stage, "
                          "so it has no first start"));
  EXPECT_THAT(
      mistakes_of(plan_of(
          scenario_of(kNvme + kTwoStrategies),
          [](const SurveyRequest&) -> Result<Survey> { return fail(Status::internal, "crashed"); }, options)),
      ElementsAre("--only: \"nvme/*/first-start\" matches no case: backend \"nvme\" could not be "
                  "asked whether it stages: crashed"));
}

TEST(Plan, TellsItemsFromSmallFiles) {
  const auto plan = plan_of(kNvme + "[strategy.mmap]\n");
  ASSERT_EQ(ids_of(plan).size(), 1U);
  const Case& subject = plan->cases[0];
  ASSERT_EQ(subject.objects.size(), 3U);
  EXPECT_EQ(subject.objects[0].name, "model-1.safetensors");
  EXPECT_EQ(subject.objects[0].key, "m/model-1.safetensors");
  EXPECT_TRUE(subject.objects[0].is_item);
  EXPECT_FALSE(subject.objects[2].is_item);
  EXPECT_EQ(subject.item_bytes(), 4'000'000U);
  EXPECT_EQ(plan->model_bytes, 4'000'000U);
  EXPECT_EQ(plan->loaded_bytes, 4'000'000U);
}

TEST(Plan, SamplesWholeShardsInTheOrderOfNames_AtLeastOne) {
  const auto sampled = [](std::string_view sample) {
    return plan_of(kNvme + "[strategy.mmap]\n[run]\nsample = \"" + sample + "\"\n");
  };
  const auto one = sampled("1 B");
  ASSERT_EQ(ids_of(one).size(), 1U);
  EXPECT_TRUE(one->cases[0].sampled);
  EXPECT_TRUE(one->cases[0].objects[0].is_item);
  EXPECT_FALSE(one->cases[0].objects[1].is_item);
  EXPECT_EQ(one->loaded_bytes, 3'000'000U);
  EXPECT_EQ(one->model_bytes, 4'000'000U);
  EXPECT_EQ(sampled("3 MB")->loaded_bytes, 3'000'000U);
  const auto whole = sampled("3000001 B");
  EXPECT_FALSE(whole->cases[0].sampled);
  EXPECT_EQ(whole->loaded_bytes, 4'000'000U);
}

TEST(Plan, RefusesBackendsWhoseObjectsDiffer_NamingTheFirstAndBothSizes) {
  const auto with = [](std::vector<ListedObject> on_lake) {
    return mistakes_of(
        plan_of(scenario_of(kNvme + kLake + "[strategy.mmap]\n[[compare]]\ncache = \"cold\"\n"),
                [&](const SurveyRequest& request) {
                  Survey survey = usual_survey(request);
                  if (request.backend.back().name == "lake") survey.objects = on_lake;
                  return survey;
                }));
  };
  EXPECT_THAT(
      with({{"m/model-1.safetensors", 3'000'000},
            {"m/model-2.safetensors", 999},
            {"m/model.safetensors.index.json", 500}}),
      ElementsAre("x.toml:11:1: [[compare]]: backends hold different models: model-2.safetensors has 1000000 "
                  "bytes on backend \"nvme\" and 999 bytes on backend \"lake\""));
  EXPECT_THAT(
      with({{"m/model-1.safetensors", 3'000'000}, {"m/model.safetensors.index.json", 500}}),
      ElementsAre(HasSubstr("model-2.safetensors (1000000 bytes on backend \"nvme\") is not on backend "
                            "\"lake\"")));
  EXPECT_THAT(
      with({{"m/a.safetensors", 7},
            {"m/model-1.safetensors", 3'000'000},
            {"m/model-2.safetensors", 1'000'000},
            {"m/model.safetensors.index.json", 500}}),
      ElementsAre(HasSubstr("a.safetensors (7 bytes on backend \"lake\") is not on backend \"nvme\"")));
}

TEST(Plan, DoesNotCompareAModelThatABackendMakesUp) {
  const auto plan =
      plan_of(scenario_of(kNvme + kLake + "[strategy.mmap]\n"), [](const SurveyRequest& request) {
        Survey survey = usual_survey(request);
        if (request.backend.back().name == "lake") {
          survey.synthetic = true;
          survey.objects = {{"m/zeros.safetensors", 5}};
        }
        return survey;
      });
  EXPECT_EQ(ids_of(plan).size(), 2U);
  EXPECT_EQ(plan->model_bytes, 4'000'000U);
}

TEST(Plan, DoesNotCompareBackendsOfSeparateComparisons) {
  const auto plan = plan_of(
      scenario_of(kNvme + kLake +
                  "[strategy.mmap]\n[[compare]]\nbackend = \"nvme\"\n[[compare]]\nbackend = \"lake\"\n"),
      [](const SurveyRequest& request) {
        Survey survey = usual_survey(request);
        if (request.backend.back().name == "lake") survey.objects = {{"m/other.safetensors", 5}};
        return survey;
      });
  EXPECT_EQ(ids_of(plan).size(), 2U);
}

TEST(Plan, KeepsACaseWhosePluginCrashedWhenAsked_WithTheReason) {
  const auto plan =
      plan_of(scenario_of(kNvme + kTwoStrategies), [](const SurveyRequest& request) -> Result<Survey> {
        if (request.strategy.name == "mmap") return fail(Status::internal, "crashed (SIGSEGV)");
        return usual_survey(request);
      });
  ASSERT_EQ(ids_of(plan).size(), 2U);
  EXPECT_TRUE(plan->cases[0].runs());
  EXPECT_FALSE(plan->cases[1].runs());
  EXPECT_FALSE(plan->cases[1].skip_reason.has_value());
  ASSERT_TRUE(plan->cases[1].survey_failed.has_value());
  EXPECT_EQ(plan->cases[1].survey_failed->message, "crashed (SIGSEGV)");
}

TEST(Plan, FailsACaseWhoseBackendListsWhatCannotBe) {
  const auto plan = plan_of(scenario_of(kNvme + "[strategy.mmap]\n"), [](const SurveyRequest& request) {
    Survey survey = usual_survey(request);
    survey.objects.push_back({"elsewhere/model.safetensors", 5});
    return survey;
  });
  ASSERT_EQ(ids_of(plan).size(), 1U);
  ASSERT_TRUE(plan->cases[0].survey_failed.has_value());
  EXPECT_EQ(plan->cases[0].survey_failed->status, Status::integrity);
  EXPECT_THAT(plan->cases[0].survey_failed->message, HasSubstr("elsewhere/model.safetensors"));
}

TEST(Plan, SaysOnceWhichBackendHasNoModel_AndHowToMakeOne) {
  const auto absent = [](const SurveyRequest&) -> Result<Survey> {
    return fail(Status::not_found, "listing \"m\": no such directory");
  };
  EXPECT_THAT(mistakes_of(plan_of(scenario_of(kNvme + kTwoStrategies), absent)),
              ElementsAre("x.toml:3:1: [model] path: backend \"nvme\" holds no model in /mnt/nvme/m: listing "
                          "\"m\": no such directory; put it there (coldload provision FILE), or correct the "
                          "path"));
  EXPECT_THAT(
      mistakes_of(plan_of(scenario_of("generate = { like = \"qwen2.5-7b\", scale = 0.25, seed = 7 }\n" +
                                      kNvme + kTwoStrategies),
                          absent)),
      ElementsAre(
          "x.toml:3:1: [model] path: backend \"nvme\" holds no model in /mnt/nvme/m: listing \"m\": no such "
          "directory; make it with: coldload gen-model /mnt/nvme/m --like qwen2.5-7b --scale 0.25 --seed 7"));
}

TEST(Plan, PointsAtTheModelsPathOfTheBackendThatLacksIt) {
  const auto scenario = parse_scenario(
      "schema = 1\n[model]\npath = { nvme = \"a\", lake = \"b\" }\n" + kNvme + kLake + "[strategy.mmap]\n",
      "x.toml", "/scenarios", test_registry());
  ASSERT_TRUE(scenario.has_value());
  const auto plan = plan_of(*scenario, [](const SurveyRequest& request) -> Result<Survey> {
    if (request.backend.back().name == "lake") return fail(Status::not_found, "no such key");
    Survey survey = usual_survey(request);
    for (ListedObject& object : survey.objects) object.key.replace(0, 1, "a");
    return survey;
  });
  EXPECT_THAT(mistakes_of(plan),
              ElementsAre("x.toml:3:22: [model] path: backend \"lake\" holds no model in s3://m/b: no such "
                          "key; put it there (coldload provision FILE), or correct the path"));
}

TEST(Plan, OfABackendThatCannotBeCreatedSaysOnceWhatItIsItself) {
  const auto plan = plan_of(
      scenario_of(kNvme + kLake + kStaged + "[strategy.mmap]\n[[compare]]\nbackend = [\"nvme\", \"near\"]\n"),
      [](const SurveyRequest&) -> Result<Survey> {
        return fail(Status::not_found, "x.toml:4:10: backend \"nvme\": root /mnt/nvme: no such directory");
      });
  EXPECT_THAT(mistakes_of(plan), ElementsAre("x.toml:4:10: backend \"nvme\": root /mnt/nvme: no such "
                                             "directory; name one that is there"));
}

TEST(Plan, RefusesADirectoryWithoutShards) {
  const auto plan = plan_of(scenario_of(kNvme + "[strategy.mmap]\n"), [](const SurveyRequest& request) {
    Survey survey = usual_survey(request);
    survey.objects = {{"m/config.json", 5}, {"m/sub/model.safetensors", 9}};
    return survey;
  });
  EXPECT_THAT(
      mistakes_of(plan),
      ElementsAre("x.toml:3:1: [model] path: backend \"nvme\" holds no *.safetensors in /mnt/nvme/m (2 "
                  "other objects); name the directory of the shards"));
}

TEST(Plan, PassesOnWhatAPluginSaysOfItsOptions) {
  const auto plan =
      plan_of(scenario_of(kNvme + "[strategy.mmap]\n"), [](const SurveyRequest&) -> Result<Survey> {
        return fail(Status::invalid_option, "root and url exclude each other");
      });
  EXPECT_THAT(
      mistakes_of(plan),
      ElementsAre("x.toml:4:10: backend \"nvme\" with strategy \"mmap\": root and url exclude each other"));
}

TEST(Plan, RefusesNamesThatNoFileChecked) {
  Scenario scenario = scenario_of(kNvme + kTwoStrategies);
  scenario.comparisons[0].destinations = {"hots"};
  const auto usual = [](const SurveyRequest& request) { return usual_survey(request); };
  EXPECT_THAT(mistakes_of(plan_of(scenario, usual)),
              ElementsAre("x.toml: [[compare]]: no destination \"hots\"; did you mean \"host\"?"));
  scenario.comparisons[0].destinations = {};
  scenario.comparisons[0].backends = {"nvm"};
  EXPECT_THAT(mistakes_of(plan_of(scenario, usual)),
              ElementsAre("x.toml: [[compare]]: no backend \"nvm\"; did you mean \"nvme\"?"));
}

}  // namespace
}  // namespace coldload
