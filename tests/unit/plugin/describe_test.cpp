#include "core/plugin/describe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/json.hpp"
#include "support.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;

Registry registry() {
  return Registry::load({test_plugin("every_option"), test_plugin("plain"), test_plugin("wrong_major")});
}

TEST(List, ShowsComponentsByKindWithSummaryVersionFile_AndTheRefusedWithTheReason) {
  const std::string file = test_plugin("every_option").string();
  EXPECT_EQ(list_text(registry()),
            "Backends\n  every  An option of every type.  1.4.2  " + file +
                "\n\nStrategies\n  picky  Asks for buffers.  1.4.2  " + file +
                "\n  plain  Does nothing.      1.0  " + test_plugin("plain").string() +
                "\n\nDestinations\n  none\n\nRefused\n  " + test_plugin("wrong_major").string() +
                ": built for plugin ABI 7.2, this host has 0.2: build it against this host's "
                "SDK\n");
}

TEST(List, SaysNoneOfAKindThatNobodyProvides) {
  EXPECT_EQ(list_text(Registry::load({})),
            "Backends\n  none\n\nStrategies\n  none\n\nDestinations\n  none\n");
}

TEST(List, IsAlsoADocument) {
  const auto document = json::parse(list_json(registry()), "list").value();
  EXPECT_EQ(document.at("backends").at(0).at("id"), "every");
  EXPECT_EQ(document.at("backends").at(0).at("flags").at(0), "synthetic");
  EXPECT_EQ(document.at("backends").at(0).at("schemes").at(0), "every");
  EXPECT_EQ(document.at("strategies").as_array().size(), 2U);
  EXPECT_EQ(document.at("strategies").at(1).at("plugin"), "org.example.plain");
  EXPECT_TRUE(document.at("destinations").as_array().empty());
  EXPECT_THAT(std::string(document.at("refused").at(0).at("reason").as_string()),
              HasSubstr("plugin ABI 7.2"));
}

TEST(Describe, TellsAllAboutAComponent) {
  const std::string text = describe_text(registry(), "every").value();
  EXPECT_THAT(text, testing::StartsWith("backend \"every\": An option of every type.\n"
                                        "of plugin org.example.every 1.4.2 (example), "));
  EXPECT_THAT(text, HasSubstr("Synthetic: its bytes are made up, not stored anywhere.\n"));
  EXPECT_THAT(text, HasSubstr("URLs: every://\n"));
  EXPECT_THAT(text,
              HasSubstr("\n  part_size  bytes, 1 MiB to 5 GiB, default 8 MiB\n             What it says.\n"));
  EXPECT_THAT(text, Not(HasSubstr("--allow-commands")));
}

TEST(Describe, EndsWithAnExampleOfFiveLinesInTheScenariosSyntax) {
  const std::string text = describe_text(registry(), "every").value();
  EXPECT_THAT(text, testing::EndsWith("In a scenario\n"
                                      "  [backend.every]\n"
                                      "  root    = \"/mnt/models\"\n"
                                      "  direct  = true\n"
                                      "  threads = 8\n"
                                      "  ratio   = 1\n"));
}

TEST(Describe, SaysWhatAFlagAsksFor) {
  EXPECT_THAT(describe_text(registry(), "strategy/picky").value(),
              HasSubstr("Runs programs: needs --allow-commands.\n"));
}

TEST(Describe, IsAlsoADocument) {
  const auto document = json::parse(describe_json(registry(), "backend/every").value(), "describe").value();
  const auto& options = document.at(0).at("options").as_array();
  ASSERT_EQ(options.size(), 14U);
  EXPECT_EQ(options[4].at("type"), "choice");
  EXPECT_EQ(options[4].at("choices").at(1), "files");
  EXPECT_EQ(options[5].at("minimum"), "1 MiB");
  EXPECT_TRUE(options[0].at("minimum").is_null());
  EXPECT_EQ(options[12].at("required"), true);
  EXPECT_TRUE(options[12].at("default").is_null());
}

TEST(Describe, NamesTheNearestComponentOfAMisspeltOne) {
  const auto described = describe_text(registry(), "plian");
  EXPECT_EQ(described.error().status, Status::not_found);
  EXPECT_EQ(described.error().message, "no plugin provides a component \"plian\"; did you mean \"plain\"?");
  EXPECT_FALSE(describe_json(registry(), "strategy/every"));
}

}  // namespace
}  // namespace coldload
