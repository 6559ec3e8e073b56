// The documents the program writes against the published schema, judged by an independent validator.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <functional>

#include "core/base/file.hpp"
#include "core/record/document.hpp"
#include "tests/support/sample_document.hpp"
#include "tests/unit/model/temporary_directory.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;

struct Verdict {
  int status = -1;
  std::string output;
};

Verdict validate_text(std::string_view text) {
  const TemporaryDirectory directory;
  directory.write("result.json", text);
  const std::string command = fmt::format(
      "{0}/tests/support/validate_result.py {0}/results/schema/result.schema.json {1}/result.json 2>&1",
      COLDLOAD_SOURCE_DIR, directory.path().string());
  Verdict verdict;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return verdict;
  std::array<char, 4096> buffer{};
  for (size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) != 0;) {
    verdict.output.append(buffer.data(), count);
  }
  const int ended = ::pclose(pipe);
  verdict.status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
  return verdict;
}

Verdict validate(const ResultDocument& document) {
  return validate_text(json::dump_pretty(to_json(document)));
}

// The sample, changed in one place; what the validator says of it.
Verdict validate_changed(const std::function<void(json::object&)>& change) {
  json::value document = to_json(sample_document());
  change(document.as_object());
  return validate_text(json::dump(document));
}

TEST(Schema, HoldsForADocumentWithSomethingOfEverything) {
  const Verdict verdict = validate(sample_document());
  EXPECT_EQ(verdict.output, "");
  EXPECT_EQ(verdict.status, 0);
}

TEST(Schema, HoldsForAHeaderBeforeTheFirstRun) {
  ResultDocument header = empty_document();
  header.ended_at.clear();
  header.cases.push_back(sample_case("sequential", "cold"));
  header.cases.front().status = CaseStatus::not_measured;
  EXPECT_EQ(validate(header).output, "");
}

TEST(Schema, HoldsForFiguresThatAreNoNumbers) {
  ResultDocument document = sample_document();
  document.runs.front().metrics.push_back({"ratio", "", std::nan("")});
  document.probes.front().bytes_per_second = HUGE_VAL;
  EXPECT_EQ(validate(document).output, "");
}

TEST(Schema, LetsNewFieldsAppear) {
  EXPECT_EQ(validate_changed([](json::object& document) {
              document["colour"] = "blue";
              document["runs"].as_array().front().as_object()["mood"] = json::object{{"good", true}};
            }).output,
            "");
}

TEST(Schema, RefusesADocumentWithoutARequiredField) {
  const Verdict verdict = validate_changed(
      [](json::object& document) { document["runs"].as_array().front().as_object().erase("proof"); });
  EXPECT_EQ(verdict.status, 1);
  EXPECT_THAT(verdict.output, HasSubstr("runs/0: 'proof' is a required property"));
}

TEST(Schema, RefusesAnUnknownStatus) {
  EXPECT_THAT(validate_changed([](json::object& document) {
                document["cases"].as_array().front().as_object()["status"] = "fine";
              }).output,
              HasSubstr("cases/0/status: 'fine' is not one of"));
}

TEST(Schema, RefusesAnotherVersion) {
  EXPECT_THAT(validate_changed([](json::object& document) { document["schema_version"] = 2; }).output,
              HasSubstr("schema_version: 1 was expected"));
}

TEST(Schema, RefusesAnUnprovableRunThatIsCalledValid) {
  EXPECT_EQ(validate_changed([](json::object& document) {
              json::object& proof = document["runs"].as_array().front().as_object()["proof"].as_object();
              proof["kind"] = "unprovable";
              proof["valid"] = true;
            }).status,
            1);
}

TEST(Schema, RefusesASkippedCaseWithoutAReason) {
  EXPECT_EQ(validate_changed([](json::object& document) {
              json::object& record = document["cases"].as_array().front().as_object();
              record["status"] = "skipped";
              record["reason"] = "";
            }).status,
            1);
}

TEST(Schema, RefusesNanAndKeysThatStandTwice) {
  EXPECT_THAT(validate_text(R"({"a": NaN})").output, HasSubstr("NaN is no JSON number"));
  EXPECT_THAT(validate_text(R"({"a": [{"b": 1, "b": 2}]})").output,
              HasSubstr("key \"b\" stands twice in one object"));
  EXPECT_EQ(validate_text(R"({"a": )").status, 1);
}

}  // namespace
}  // namespace coldload
