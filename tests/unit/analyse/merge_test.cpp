#include "core/analyse/merge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/layout_documents.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;

// The document with only the cases on these backends.
ResultDocument only(const std::string& name, const std::vector<std::string>& backends) {
  ResultDocument document = layout_document(name);
  const auto foreign = [&](const std::string& backend) {
    return std::ranges::find(backends, backend) == backends.end();
  };
  std::erase_if(document.runs,
                [&](const RunRecord& run) { return foreign(document.find_case(run.case_id)->backend); });
  std::erase_if(document.cases, [&](const CaseRecord& record) { return foreign(record.backend); });
  return document;
}

TEST(Merge, OfOneRunIsThatRun) {
  const auto merged = merge({{"a", layout_document("nvme_wins")}});
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->cases.size(), layout_document("nvme_wins").cases.size());
}

TEST(Merge, PutsTheCasesOfTwoRunsBesideEachOther) {
  const auto merged = merge({{"disk", only("nvme_wins", {"nvme"})}, {"rest", only("nvme_wins", {"share"})}});
  ASSERT_TRUE(merged);
  EXPECT_NE(merged->find_case("nvme/parallel/stream/cold"), nullptr);
  EXPECT_NE(merged->find_case("share/parallel/stream/cold"), nullptr);
  EXPECT_EQ(merged->backends.size(), 3U);
}

TEST(Merge, RefusesACaseThatIsInBoth) {
  const auto merged = merge({{"a", layout_document("nvme_wins")}, {"b", layout_document("nvme_wins")}});
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().message,
              HasSubstr("b: case nvme/parallel/stream/cold is in an earlier run too"));
}

TEST(Merge, RefusesRunsOfTwoMachinesAndNamesWhatDiffers) {
  ResultDocument other = only("nvme_wins", {"share"});
  other.environment["kernel"] = "Linux 5.15";
  const auto merged = merge({{"a", only("nvme_wins", {"nvme"})}, {"b", other}});
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().message, HasSubstr("a and b differ in their kernel"));
}

}  // namespace
}  // namespace coldload
