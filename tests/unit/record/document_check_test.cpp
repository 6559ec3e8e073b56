#include "core/record/document_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> mistakes_after(const std::function<void(json::object&)>& change) {
  json::value document = to_json(sample_document());
  change(document.as_object());
  return document_mistakes(document);
}

json::object& first_of(json::object& document, std::string_view list) {
  return document.at(list).as_array().front().as_object();
}

TEST(DocumentCheck, FindsNothingInADocumentWithSomethingOfEverything) {
  EXPECT_THAT(document_mistakes(to_json(sample_document())), IsEmpty());
}

TEST(DocumentCheck, LetsNewFieldsAppear) {
  EXPECT_THAT(mistakes_after([](json::object& document) {
                document["colour"] = "blue";
                first_of(document, "runs")["mood"] = json::object{{"good", true}};
              }),
              IsEmpty());
}

TEST(DocumentCheck, IsOfAnObject) {
  EXPECT_THAT(document_mistakes(json::array{}), ElementsAre(HasSubstr("expected a JSON object")));
}

// Every field the schema requires, so that this check cannot fall behind it.
TEST(DocumentCheck, MissesEveryFieldThatTheSchemaRequires) {
  const auto text =
      read_small_file(std::string(COLDLOAD_SOURCE_DIR) + "/results/schema/result.schema.json", limits::kMiB);
  ASSERT_TRUE(text) << text.error().message;
  const auto schema = json::parse(*text, "schema");
  ASSERT_TRUE(schema) << schema.error().message;
  const auto required = [&](const char* definition) {
    std::vector<std::string> names;
    for (const auto& name : schema->at("$defs").at(definition).at("required").as_array()) {
      names.emplace_back(name.as_string());
    }
    EXPECT_FALSE(names.empty()) << definition;
    return names;
  };
  const std::pair<const char*, const char*> lists[] = {{"case", "cases"},
                                                       {"run", "runs"},
                                                       {"probe", "probes"},
                                                       {"expectation", "expectations"},
                                                       {"plugin", "plugins"}};
  for (const auto& [definition, list] : lists) {
    for (const std::string& name : required(definition)) {
      EXPECT_THAT(mistakes_after([&](json::object& document) { first_of(document, list).erase(name); }),
                  Contains(std::string(list) + "[0]." + name + ": missing"));
    }
  }
  for (const char* part : {"proof", "bytes"}) {
    for (const std::string& name : required(part)) {
      EXPECT_THAT(mistakes_after([&](json::object& document) {
                    first_of(document, "runs").at(part).as_object().erase(name);
                  }),
                  Contains(std::string("runs[0].") + part + "." + name + ": missing"));
    }
  }
  for (const auto& name : schema->at("required").as_array()) {
    if (name == "schema_version") continue;  // document_from_json's
    const std::string field(name.as_string());
    EXPECT_THAT(mistakes_after([&](json::object& document) { document.erase(field); }),
                Contains(field + ": missing"));
  }
}

TEST(DocumentCheck, NamesAFieldOfAnotherType) {
  EXPECT_THAT(mistakes_after([](json::object& document) { first_of(document, "runs")["load_ns"] = "1 s"; }),
              ElementsAre("runs[0].load_ns: expected a whole number, 0 or more"));
  EXPECT_THAT(mistakes_after([](json::object& document) { first_of(document, "runs")["load_ns"] = -1; }),
              ElementsAre("runs[0].load_ns: expected a whole number, 0 or more"));
  EXPECT_THAT(mistakes_after([](json::object& document) { document["runs"].as_array()[2] = 7; }),
              ElementsAre("runs[2]: expected an object"));
}

TEST(DocumentCheck, NamesAWordThatIsNotKnown) {
  EXPECT_THAT(mistakes_after([](json::object& document) { first_of(document, "cases")["cache"] = "icy"; }),
              ElementsAre("cases[0].cache: \"icy\" is not one of cold, warm, as-is, first-start"));
}

TEST(DocumentCheck, NamesARunOfNoCase) {
  EXPECT_THAT(mistakes_after([](json::object& document) { first_of(document, "runs")["case"] = "a/b/c/d"; }),
              ElementsAre("runs[0]: is of case \"a/b/c/d\", which is not there"));
}

TEST(DocumentCheck, NamesACaseThatStandsTwice) {
  EXPECT_THAT(mistakes_after([](json::object& document) {
                json::array& cases = document["cases"].as_array();
                cases.push_back(json::value(cases.front()));
              }),
              ElementsAre("cases[9]: a second case \"local/sequential/stream/cold\""));
}

TEST(DocumentCheck, NamesARepetitionThatStandsTwice) {
  EXPECT_THAT(mistakes_after([](json::object& document) { first_of(document, "runs")["repetition"] = 1; }),
              ElementsAre("runs[1]: a second repetition 1 of case \"local/sequential/stream/cold\""));
}

TEST(DocumentCheck, NamesABaselineThatIsNotThere) {
  EXPECT_THAT(
      mistakes_after([](json::object& document) { first_of(document, "cases")["baseline"] = "gone"; }),
      ElementsAre("cases[0]: its baseline \"gone\" is not there"));
}

TEST(DocumentCheck, NamesWhatFailedWithoutAReason) {
  EXPECT_THAT(mistakes_after([](json::object& document) { first_of(document, "runs")["status"] = "failed"; }),
              ElementsAre("runs[0]: is failed and says no reason"));
  EXPECT_THAT(
      mistakes_after([](json::object& document) { first_of(document, "cases")["status"] = "skipped"; }),
      ElementsAre("cases[0]: is skipped and says no reason"));
}

TEST(DocumentCheck, NamesAProofThatContradictsItself) {
  EXPECT_THAT(mistakes_after([](json::object& document) {
                first_of(document, "runs")["proof"].as_object()["kind"] = "unprovable";
              }),
              ElementsAre("runs[0].proof: is unprovable and yet valid"));
}

TEST(DocumentCheck, NamesANumberThatIsNotFinite) {
  EXPECT_THAT(mistakes_after([](json::object& document) {
                first_of(document, "runs")["metrics"].as_array()[1].as_object()["value"] = HUGE_VAL;
              }),
              ElementsAre("runs[0].metrics[1].value: is no finite number"));
}

TEST(DocumentCheck, LetsNoEscapeSequenceOfAnIdPass) {
  EXPECT_THAT(
      mistakes_after([](json::object& document) { first_of(document, "runs")["case"] = "\x1b[2J"; }).front(),
      HasSubstr("case \"[2J\""));
}

TEST(DocumentCheck, EndsAfterTheLimit) {
  EXPECT_EQ(mistakes_after([](json::object& document) {
              json::array numbers;
              for (size_t i = 0; i < limits::kDiagnosticsMax + 1; ++i) numbers.emplace_back(1);
              document["plugins"] = numbers;
            }).size(),
            limits::kDiagnosticsMax);
}

}  // namespace
}  // namespace coldload
