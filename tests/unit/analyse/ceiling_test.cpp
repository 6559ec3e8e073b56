#include "core/analyse/ceiling.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

#include "tests/support/sample_document.hpp"

namespace coldload {
namespace {

ProbeRecord device(std::string subject, double rate) {
  return {"device/direct", std::move(subject), "first", rate, {}};
}
ProbeRecord page_cache(int threads, double rate) {
  return {"memory/page_cache_read", "this machine", "first", rate, {{"threads", threads}}};
}

std::optional<Ceiling> ceiling_with(const CaseRecord& record, std::vector<ProbeRecord> probes) {
  ResultDocument document = empty_document();
  document.probes = std::move(probes);
  return ceiling_of(record, document);
}

double rate_of(const std::optional<Ceiling>& ceiling) {
  return ceiling ? ceiling->bytes_per_second : 0;
}

TEST(Ceiling, OfAColdCaseIsTheBetterMomentOfItsBackendsDevice) {
  const auto ceiling = ceiling_with(sample_case("sequential", "cold"),
                                    {device("local", 1e9), device("local", 2e9), device("other", 9e9)});
  EXPECT_EQ(rate_of(ceiling), 2e9);
  EXPECT_EQ(ceiling_in_words(ceiling->tag), "device");
}

TEST(Ceiling, OfARestartFromACopyIsTheDeviceThatTheCopyLiesOn) {
  ResultDocument document = empty_document();
  document.probes = {device("disk", 2e9), device("lake", 9e9)};
  BackendRecord staged;
  staged.name = "copy";
  staged.storage = StorageKind::staged;
  staged.built_on = {{"source", "lake"}, {"target", "disk"}};
  document.backends.push_back(staged);
  CaseRecord record = sample_case("sequential", "cold");
  record.backend = "copy";
  EXPECT_EQ(rate_of(ceiling_of(record, document)), 2e9);
  // What is built on another for another reason has a limit of its own.
  document.backends.front().storage = StorageKind::network;
  EXPECT_FALSE(ceiling_of(record, document));
}

TEST(Ceiling, OfAWarmCaseOfOneThreadIsOneThreadsCopy) {
  const CaseRecord record = sample_case("sequential", "warm");
  EXPECT_EQ(rate_of(ceiling_with(record, {page_cache(1, 10e9), page_cache(8, 40e9)})), 10e9);
  EXPECT_FALSE(ceiling_with(record, {page_cache(8, 40e9)}));
}

TEST(Ceiling, OfAWarmCaseOfManyThreadsIsThatOfAllCores) {
  CaseRecord record = sample_case("parallel", "warm");
  record.thread_count = 4;
  const auto ceiling = ceiling_with(record, {page_cache(1, 10e9), page_cache(8, 9e9), page_cache(8, 8e9)});
  EXPECT_EQ(rate_of(ceiling), 9e9);
  EXPECT_EQ(ceiling_in_words(ceiling->tag), "page cache");
}

TEST(Ceiling, IsUnknownWhereNothingThatBoundsItWasProbed) {
  const std::vector<ProbeRecord> probes = {device("local", 1e9), page_cache(1, 10e9)};
  CaseRecord elsewhere = sample_case("sequential", "cold");
  elsewhere.backend = "lake";
  EXPECT_FALSE(ceiling_with(elsewhere, probes));
  EXPECT_FALSE(ceiling_with(sample_case("sequential", "as-is"), probes));
  EXPECT_FALSE(ceiling_with(sample_case("sequential", "first-start"), probes));
  EXPECT_FALSE(ceiling_with(sample_case("sequential", "cold"), {}));
}

TEST(Ceiling, OfASyntheticBackendIsUnknown) {
  CaseRecord record = sample_case("sequential", "warm");
  record.synthetic = true;
  EXPECT_FALSE(ceiling_with(record, {page_cache(1, 10e9)}));
}

TEST(Ceiling, IsNeverAProbeThatMeasuredNothing) {
  EXPECT_FALSE(ceiling_with(sample_case("sequential", "cold"),
                            {device("local", 0), device("local", std::numeric_limits<double>::infinity())}));
}

}  // namespace
}  // namespace coldload
