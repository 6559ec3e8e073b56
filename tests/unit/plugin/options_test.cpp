#include "core/plugin/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "coldload/backend.h"
#include "core/base/limits.hpp"
#include "core/plugin/component_spec.hpp"
#include "support.hpp"

namespace coldload {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const coldload_component& every() {
  static const Registry registry = Registry::load({test_plugin("every_option")});
  const auto found = registry.find(COLDLOAD_KIND_BACKEND, "every");
  if (!found) std::abort();
  return *found->table;
}

OptionContext context() {
  return {.subject = "backend \"lake\"",
          .where = {"x.toml", 12, 1},
          .backend_names = {"nvme", "nfs"},
          .base_directory = "/base/scenarios"};
}

struct Checked {
  EffectiveOptions options;
  Diagnostics mistakes;
};

Checked check(ValueTable table, bool with_root = true) {
  if (with_root && find_member(table, "root") == nullptr) table.push_back(member("root", text("/models")));
  Checked out;
  out.options = check_options(every(), table, context(), out.mistakes);
  return out;
}

// The one option written, as read; the test fails where it is a mistake.
EffectiveOption good(const std::string& name, Value value) {
  const Checked checked = check({member(name, std::move(value))});
  for (const Diagnostic& mistake : checked.mistakes) ADD_FAILURE() << to_string(mistake);
  const EffectiveOption* option = find_option(checked.options, name);
  if (option == nullptr) return {};
  EXPECT_EQ(option->source, OptionSource::written);
  return *option;
}

// The one mistake's text; its place is the value's.
std::string mistake(const std::string& name, Value value) {
  const Checked checked = check({member(name, std::move(value))});
  if (checked.mistakes.size() != 1) return std::to_string(checked.mistakes.size()) + " mistakes";
  EXPECT_EQ(find_option(checked.options, name), nullptr);
  EXPECT_EQ(to_string(checked.mistakes[0].where), "x.toml:14:9");
  return checked.mistakes[0].message;
}

const std::string kOption = "backend \"lake\": option ";

TEST(Options, AreInTheTablesOrderWithDefaultsFilledAndTheirSourceKnown) {
  const Checked checked = check({member("threads", whole(4))});
  EXPECT_THAT(checked.mistakes, IsEmpty());
  std::vector<std::string> names;
  for (const EffectiveOption& option : checked.options) names.push_back(option.name);
  EXPECT_EQ(names, option_names(every()));
  EXPECT_EQ(find_option(checked.options, "threads")->source, OptionSource::written);
  const EffectiveOption& size = *find_option(checked.options, "part_size");
  EXPECT_EQ(size.source, OptionSource::default_value);
  EXPECT_EQ(size.quantity, 8 * limits::kMiB);
  EXPECT_EQ(size.shown, "8 MiB");
  EXPECT_EQ(find_option(checked.options, "direct")->integer, 1);
  EXPECT_EQ(find_option(checked.options, "ratio")->real, 1.0);
  EXPECT_EQ(find_option(checked.options, "timeout")->quantity, 250'000'000U);
  EXPECT_EQ(find_option(checked.options, "split")->text, "chunks");
  EXPECT_THAT(find_option(checked.options, "args")->items, ElementsAre("a", "b"));
  EXPECT_THAT(find_option(checked.options, "labels")->items, ElementsAre("k", "v"));
  EXPECT_EQ(find_option(checked.options, "token")->text, "");
  EXPECT_EQ(find_option(checked.options, "source")->text, "");
}

TEST(Options, NameAMisspeltOne_ItsPlaceAndTheNearestWithItsRange) {
  const Checked checked = check({member("part_sise", text("8 MiB"))});
  ASSERT_EQ(checked.mistakes.size(), 1U);
  EXPECT_EQ(to_string(checked.mistakes[0]),
            "x.toml:14:1: backend \"lake\": no option \"part_sise\"; did you mean \"part_size\" (bytes, 1 "
            "MiB to 5 GiB, "
            "default 8 MiB)?");
}

TEST(Options, ListTheKnownOnesWhenNoneIsNear) {
  const Checked checked = check({member("completely_else", whole(1))});
  ASSERT_EQ(checked.mistakes.size(), 1U);
  EXPECT_THAT(checked.mistakes[0].message, HasSubstr("; known are direct, threads, ratio, label, split"));
}

TEST(Options, SuggestTheRightNameForEveryOneOfThemMisspeltByALetter) {
  for (const std::string& name : option_names(every())) {
    std::string wrong = name;
    wrong[wrong.size() / 2] = 'q';
    const Checked checked = check({member(wrong, whole(1))});
    ASSERT_EQ(checked.mistakes.size(), 1U) << wrong;
    EXPECT_THAT(checked.mistakes[0].message, HasSubstr("did you mean \"" + name + "\" (")) << wrong;
  }
}

TEST(Options, SayWhereARequiredOneIsMissing) {
  const Checked checked = check({}, false);
  ASSERT_EQ(checked.mistakes.size(), 1U);
  EXPECT_EQ(to_string(checked.mistakes[0]),
            "x.toml:12:1: backend \"lake\": option \"root\" is missing (path, required)");
}

TEST(Options, ReportSeveralMistakesInOneGo) {
  const Checked checked =
      check({member("thread", whole(1)), member("ratio", whole(9)), member("direct", text("yes"))});
  EXPECT_EQ(checked.mistakes.size(), 3U);
}

TEST(Options, TakeIntegersFromMinimumToMaximum) {
  EXPECT_EQ(good("threads", whole(1)).integer, 1);
  EXPECT_EQ(good("threads", whole(512)).integer, 512);
  EXPECT_EQ(mistake("threads", whole(0)),
            kOption + "\"threads\" is 0, below 1 (1 to 512 threads, default 8)");
  EXPECT_EQ(mistake("threads", whole(513)),
            kOption + "\"threads\" is 513, above 512 (1 to 512 threads, default 8)");
}

TEST(Options, TakeFloatsFromMinimumToMaximum_AndIntegersForThem) {
  EXPECT_EQ(good("ratio", written(0.5)).real, 0.5);
  EXPECT_EQ(good("ratio", written(1.5)).real, 1.5);
  EXPECT_EQ(good("ratio", whole(1)).real, 1.0);
  EXPECT_EQ(mistake("ratio", written(0.499)),
            kOption + "\"ratio\" is 0.499, below 0.5 (number, 0.5 to 1.5, default 1)");
  EXPECT_EQ(mistake("ratio", whole(2)),
            kOption + "\"ratio\" is 2, above 1.5 (number, 0.5 to 1.5, default 1)");
  EXPECT_THAT(mistake("ratio", written(std::nan(""))), HasSubstr("is nan: expected a number"));
}

TEST(Options, TakeSizesFromMinimumToMaximum_AndWholeNumbersOfBytes) {
  EXPECT_EQ(good("part_size", text("1 MiB")).quantity, limits::kMiB);
  EXPECT_EQ(good("part_size", text("5GiB")).quantity, 5 * limits::kGiB);
  EXPECT_EQ(good("part_size", whole(2'000'000)).shown, "2 MB");
  EXPECT_EQ(mistake("part_size", whole(1'048'575)),
            kOption + "\"part_size\" is 1048575 B, below 1 MiB (bytes, 1 MiB to 5 GiB, default 8 MiB)");
  EXPECT_EQ(mistake("part_size", text("6 GiB")),
            kOption + "\"part_size\" is 6 GiB, above 5 GiB (bytes, 1 MiB to 5 GiB, default 8 MiB)");
  EXPECT_THAT(mistake("part_size", text("8 MX")),
              HasSubstr(": \"8 MX\": unknown unit \"MX\", expected one of B"));
  EXPECT_THAT(mistake("part_size", whole(-1)), HasSubstr("cannot be negative"));
  EXPECT_THAT(mistake("part_size", written(8.5)), HasSubstr("is 8.5: expected a size such as \"8 MiB\""));
}

TEST(Options, TakeDurationsWithAUnitFromMinimumToMaximum) {
  EXPECT_EQ(good("timeout", text("1 ms")).quantity, 1'000'000U);
  EXPECT_EQ(good("timeout", text("60 min")).shown, "1 h");
  EXPECT_EQ(good("timeout", text("1.5 s")).shown, "1500 ms");
  EXPECT_EQ(mistake("timeout", text("999 us")),
            kOption + "\"timeout\" is 999 us, below 1 ms (duration, 1 ms to 1 h, default 250 ms)");
  EXPECT_THAT(mistake("timeout", text("61 min")), HasSubstr("is 61 min, above 1 h"));
  EXPECT_THAT(mistake("timeout", whole(250)), HasSubstr("\"250\" has no unit: write one of ns"));
}

TEST(Options, TakeRatesWithAUnitFromMinimumToMaximum_AndZero) {
  EXPECT_EQ(good("bandwidth", whole(0)).quantity, 0U);
  EXPECT_EQ(good("bandwidth", text("2 Gbit/s")).shown, "250 MB/s");
  EXPECT_EQ(good("bandwidth", text("10 MiB/s")).shown, "10 MiB/s");
  EXPECT_EQ(mistake("bandwidth", text("2.1 Gbit/s")),
            kOption + "\"bandwidth\" is 262500 kB/s, above 2 Gbit/s (rate, 0 to 2 Gbit/s, default 0)");
  EXPECT_THAT(mistake("bandwidth", whole(5)), HasSubstr("\"5\" has no unit"));
}

TEST(Options, ShowAQuantityAsItCanBeReadBackExactly) {
  EXPECT_EQ(good("part_size", text("1048577")).shown, "1048577 B");
  const EffectiveOption odd = good("part_size", text("1234567 KiB"));
  EXPECT_EQ(odd.shown, "1234567 KiB");
  EXPECT_EQ(good("part_size", text(odd.shown)).quantity, odd.quantity);
}

TEST(Options, TakeOnlyAChoiceOfTheirs) {
  EXPECT_EQ(good("split", text("files")).text, "files");
  EXPECT_EQ(
      mistake("split", text("file")),
      kOption +
          "\"split\" has no choice \"file\"; did you mean \"files\"? (one of chunks, files, default chunks)");
  EXPECT_EQ(mistake("split", text("rows of")),
            kOption + "\"split\" has no choice \"rows of\" (one of chunks, files, default chunks)");
}

TEST(Options, SayWhatWasFoundAndWhatIsWantedOfAWrongType) {
  EXPECT_EQ(mistake("threads", text("four")),
            kOption + "\"threads\" is \"four\": expected an integer (1 to 512 threads, default 8)");
  EXPECT_THAT(mistake("threads", written(4.0)), HasSubstr("is 4: expected an integer"));
  EXPECT_THAT(mistake("direct", whole(1)),
              HasSubstr("is 1: expected true or false (true or false, default true)"));
  EXPECT_THAT(mistake("label", written(true)),
              HasSubstr("is true: expected a string (string, default \"text\")"));
  EXPECT_THAT(mistake("split", whole(1)), HasSubstr("is 1: expected a string (one of chunks, files"));
  EXPECT_THAT(mistake("part_size", written(ValueTable{})), HasSubstr("is a table: expected a size"));
  EXPECT_THAT(mistake("args", text("-v")),
              HasSubstr("is \"-v\": expected an array of strings (list of strings"));
  EXPECT_THAT(mistake("labels", written(ValueList{})), HasSubstr("is an array: expected a table of strings"));
  EXPECT_THAT(mistake("token", whole(1)), HasSubstr("is 1: expected \"env:NAME\" or \"file:PATH\""));
  EXPECT_THAT(mistake("source", whole(1)), HasSubstr("is 1: expected the name of a backend"));
  EXPECT_THAT(mistake("root", whole(1)), HasSubstr("is 1: expected a string (path, required)"));
}

TEST(Options, ShortenALongStringInAMessage) {
  const std::string message = mistake("threads", text(std::string(100'000, 'x')));
  EXPECT_LT(message.size(), 300U);
  EXPECT_LT(mistake("part_size", text(std::string(100'000, '1'))).size(), 300U);
}

TEST(Options, TakeAnArrayAsTheValueOfAListOnly) {
  EXPECT_THAT(good("args", written(ValueList{text("x"), text("y z")})).items, ElementsAre("x", "y z"));
  EXPECT_THAT(good("args", written(ValueList{})).items, IsEmpty());
  EXPECT_EQ(
      mistake("threads", written(ValueList{whole(4), whole(16)})),
      kOption +
          "\"threads\" is an array, which is for sweeping, but one value is wanted here: expected an integer "
          "(1 to 512 threads, default 8)");
  EXPECT_EQ(mistake("args", written(ValueList{text("x"), whole(2)})),
            kOption + "\"args\": element 2 is 2: expected a string");
}

TEST(Options, TakeATableAsTheValueOfAMap) {
  const Value table = written(ValueTable{member("a", text("1")), member("b", text(""))});
  EXPECT_THAT(good("labels", table).items, ElementsAre("a", "1", "b", ""));
  EXPECT_EQ(mistake("labels", written(ValueTable{member("a", whole(1))})),
            kOption + "\"labels\": \"a\" is 1: expected a string");
}

TEST(Options, TakeListsUpToTheirLimit) {
  const ValueList most(limits::kOptionItemsMax, text("x"));
  EXPECT_EQ(good("args", written(most)).items.size(), limits::kOptionItemsMax);
  const ValueList more(limits::kOptionItemsMax + 1, text("x"));
  EXPECT_EQ(mistake("args", written(more)), kOption + "\"args\" has 1025 elements, above the limit of 1024");
}

TEST(Options, RefuseANulCharacter_WhichWouldEndTheTextInAComponent) {
  const std::string nul("a\0b", 3);
  EXPECT_EQ(mistake("label", text(nul)), kOption + "\"label\" contains a NUL character");
  EXPECT_THAT(mistake("args", written(ValueList{text(nul)})), HasSubstr("contains a NUL"));
  EXPECT_THAT(mistake("labels", written(ValueTable{member(nul, text("x"))})), HasSubstr("contains a NUL"));
}

TEST(Options, MakePathsAbsoluteAgainstTheScenariosFolder) {
  EXPECT_EQ(good("root", text("models")).text, "/base/scenarios/models");
  EXPECT_EQ(good("root", text("../models/./x/")).shown, "/base/models/x");
  EXPECT_EQ(good("root", text("/mnt/nvme/")).text, "/mnt/nvme");
  EXPECT_EQ(good("root", text("/")).text, "/");
  EXPECT_EQ(good("root", text(".")).text, "/base/scenarios");
  EXPECT_THAT(mistake("root", text("")), HasSubstr("is empty: expected a path"));
  EXPECT_EQ(mistake("root", text("~/models")),
            kOption + "\"root\" is \"~/models\": \"~\" is not expanded, write the whole path");
}

TEST(Options, TakeOnlyKnownBackends) {
  EXPECT_EQ(good("source", text("nvme")).text, "nvme");
  EXPECT_EQ(mistake("source", text("nvmee")),
            kOption + "\"source\" names no backend: \"nvmee\"; did you mean \"nvme\"?");
}

TEST(Options, RefuseALiteralSecret_WithoutShowingIt) {
  const std::string message = mistake("token", text("hunter2"));
  EXPECT_EQ(message, kOption +
                         "\"token\" is a secret, which must not stand in a scenario: write \"env:NAME\" or "
                         "\"file:PATH\"");
  EXPECT_THAT(mistake("token", text("env:hunter 2")), HasSubstr("does not name an environment variable"));
  EXPECT_THAT(mistake("token", text("env:hunter 2")), testing::Not(HasSubstr("hunter")));
  EXPECT_THAT(mistake("token", text("file:")), HasSubstr("must not stand in a scenario"));
}

TEST(Options, RefuseAUrlWithAPassword_WithoutShowingIt) {
  const std::string message = mistake("label", text("s3://AKIA:SEC/RET@bucket/q"));
  EXPECT_THAT(message, HasSubstr("is \"s3://***@bucket/q\", with a password in it"));
  EXPECT_EQ(good("label", text("s3://bucket/models@v2")).text, "s3://bucket/models@v2");
}

TEST(Options, ShowNoPasswordWhereAnotherValueWasWanted) {
  EXPECT_THAT(mistake("threads", text("http://u:SEC/RET@h")), HasSubstr("\"http://***@h\""));
}

TEST(Options, KeepASecretsReference_AndItsPathAbsolute) {
  EXPECT_EQ(good("token", text("env:TOKEN_1")).shown, "env:TOKEN_1");
  EXPECT_EQ(good("token", text("file:secrets/token")).text, "file:/base/scenarios/secrets/token");
}

TEST(Secret, ComesFromTheEnvironment_OrTheMessageNamesTheVariable) {
  ::setenv("COLDLOAD_TEST_SECRET", "hunter2", 1);
  EXPECT_EQ(resolve_secret("env:COLDLOAD_TEST_SECRET").value(), "hunter2");
  ::setenv("COLDLOAD_TEST_SECRET", "", 1);
  EXPECT_EQ(resolve_secret("env:COLDLOAD_TEST_SECRET").error().message,
            "secret: env:COLDLOAD_TEST_SECRET is empty");
  ::unsetenv("COLDLOAD_TEST_SECRET");
  const auto unset = resolve_secret("env:COLDLOAD_TEST_SECRET");
  EXPECT_EQ(unset.error().status, Status::not_found);
  EXPECT_EQ(unset.error().message, "secret: environment variable COLDLOAD_TEST_SECRET is not set");
}

TEST(Secret, ComesFromAFileWithoutItsLastNewline_UpToTheLimit) {
  std::string name = (std::filesystem::temp_directory_path() / "coldload-secret-XXXXXX").string();
  const int file = ::mkstemp(name.data());
  ASSERT_GE(file, 0);
  ::close(file);
  const auto content = [&](const std::string& bytes) {
    std::ofstream(name, std::ios::binary | std::ios::trunc) << bytes;
    return resolve_secret("file:" + name);
  };
  EXPECT_EQ(content("hunter2\n").value(), "hunter2");
  EXPECT_EQ(content("hunter2\r\n").value(), "hunter2");
  EXPECT_EQ(content("a\n\n").value(), "a\n");
  EXPECT_EQ(content("\n").error().message, "secret: file:" + name + " is empty");
  EXPECT_THAT(content(std::string("a\0b", 3)).error().message, HasSubstr("contains a NUL byte"));
  EXPECT_EQ(content(std::string(limits::kSecretBytesMax, 'x')).value().size(), limits::kSecretBytesMax);
  EXPECT_THAT(content(std::string(limits::kSecretBytesMax + 1, 'x')).error().message,
              HasSubstr("larger than the limit"));
  std::filesystem::remove(name);
  EXPECT_EQ(resolve_secret("file:" + name).error().status, Status::not_found);
}

TEST(Options, NameTheSweptOnesInFileOrder) {
  const ValueTable table = {member("ratio", written(ValueList{whole(1)})),
                            member("args", written(ValueList{text("x")})), member("label", text("x")),
                            member("threads", written(ValueList{whole(1), whole(2)}))};
  EXPECT_THAT(swept_options(every(), table), ElementsAre("ratio", "threads"));
}

TEST(ComponentSpec, SurvivesTheWayToTheWorker) {
  const ComponentSpec spec{"lake", "s3", {member("threads", whole(4))}, {"x.toml", 12, 1}};
  const auto back = component_spec_from_json(json::parse(json::dump(to_json(spec)), "spec").value());
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->name, "lake");
  EXPECT_EQ(back->component, "s3");
  EXPECT_EQ(to_string(back->where), "x.toml:12:1");
  ASSERT_EQ(back->options.size(), 1U);
  EXPECT_EQ(std::get<int64_t>(back->options[0].value.data), 4);
  EXPECT_EQ(to_string(back->options[0].value.where), "x.toml:14:9");
}

TEST(ComponentSpec, RefusesADocumentThatIsNone) {
  for (const char* document : {"[]", "{}", R"({"name":"a"})", R"({"name":"a","component":"b"})",
                               R"({"name":"a","component":"b","options":{}})"}) {
    EXPECT_FALSE(component_spec_from_json(json::parse(document, "spec").value())) << document;
  }
}

}  // namespace
}  // namespace coldload
