#include "core/record/redact.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/layout_documents.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Redact, LeavesNoPlaceOfTheNode) {
  ResultDocument document = layout_document("nvme_wins");
  document.runs.front().output = "opened /mnt/nvme/models/secret";
  document.runs.front().reason = "/mnt/nvme/models/qwen2.5-7b: read failed";
  document.plugins = {json::object{{"id", "org.coldload.local"}, {"file", "/opt/client/lib/local.so"}}};
  document.cases.front().options["backend"] =
      json::object{{"endpoint", {{"value", "http://10.1.2.3:9000"}, {"written", "http://10.1.2.3:9000"}}}};
  const std::string text = json::dump(to_json(redacted(document)));
  for (const char* place :
       {"/mnt/nvme", "/mnt/share", "filer", "10.1.2.3", "/opt/client", "client.toml", "{model}"}) {
    EXPECT_THAT(text, Not(HasSubstr(place)));
  }
  EXPECT_THAT(text, HasSubstr("qwen2.5-7b: read failed"));
  EXPECT_THAT(text, HasSubstr("local.so"));
}

TEST(Redact, KeepsEveryFigureAndEveryCase) {
  const ResultDocument document = layout_document("nvme_wins");
  const ResultDocument after = redacted(document);
  ASSERT_EQ(after.cases.size(), document.cases.size());
  ASSERT_EQ(after.runs.size(), document.runs.size());
  for (size_t i = 0; i < document.runs.size(); ++i) {
    EXPECT_EQ(after.runs[i].cold_load_ns, document.runs[i].cold_load_ns);
    EXPECT_EQ(after.runs[i].case_id, document.runs[i].case_id);
  }
}

TEST(Redact, GivesOnePlaceOneNameEverywhere) {
  const ResultDocument after = redacted(layout_document("nvme_wins"));
  const json::array& mounts = after.environment.at("mounts").as_array();
  const json::array& storage = after.environment.at("storage").as_array();
  EXPECT_EQ(mounts.at(0).at("path"), storage.at(1).at("path"));
  EXPECT_NE(storage.at(0).at("path"), storage.at(1).at("path"));
}

}  // namespace
}  // namespace coldload
