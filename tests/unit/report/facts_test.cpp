#include "core/report/facts.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "core/base/text.hpp"

namespace coldload {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Facts kFacts = {
    {"machine", FactLevel::ok, "kernel: Linux", "", ""},
    {"backend lake", FactLevel::error, "cannot be created", "no such host", "correct `endpoint`"},
    {"machine", FactLevel::warning, "locked memory: no more than 8 MiB", "the default", "raise it"},
};

TEST(RenderedFacts, StandUnderTheirSubjects_CauseAndFixBelowTheirFact_CountsLast) {
  EXPECT_EQ(render_facts(kFacts, 100),
            "machine\n"
            "  ok       kernel: Linux\n"
            "  warning  locked memory: no more than 8 MiB\n"
            "           cause: the default\n"
            "           fix:   raise it\n"
            "\n"
            "backend lake\n"
            "  error    cannot be created\n"
            "           cause: no such host\n"
            "           fix:   correct `endpoint`\n"
            "\n"
            "1 ok, 1 warning, 1 error\n");
}

TEST(RenderedFacts, NoLineIsWiderThanAsked_AndWhatIsBrokenGoesOnBelowItsBeginning) {
  std::string words;
  for (int i = 0; i < 60; ++i) words += "word ";
  const std::string text = render_facts({{"machine", FactLevel::warning, words, words, words}}, 60);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns_of(line), 60U) << line;
  EXPECT_THAT(text, HasSubstr("\n           word"));
  EXPECT_THAT(text, HasSubstr("\n                  word"));
}

TEST(RenderedFacts, AComponentsWordsCannotReachTheTerminalAsEscapes) {
  EXPECT_THAT(render_facts({{"backend \x1b[2J", FactLevel::ok, "a\x1b[31mb", "", ""}}, 80),
              Not(HasSubstr("\x1b")));
}

TEST(Facts, ArriveAsTheyWereSent) {
  const auto document = json::parse(json::dump(to_json(kFacts)), "the test");
  ASSERT_TRUE(document);
  const auto facts = facts_from_json(document->get_array());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(*facts, kFacts);
}

TEST(Facts, ALevelThatIsNoneIsRefused) {
  const auto document = json::parse(R"([{"subject": "x", "level": "fine", "fact": "y"}])", "the test");
  ASSERT_TRUE(document);
  EXPECT_FALSE(facts_from_json(document->get_array()));
}

}  // namespace
}  // namespace coldload
