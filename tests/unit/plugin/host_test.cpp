#include "core/plugin/host.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <new>

#include "support.hpp"

namespace coldload {
namespace {

coldload_metric metric(const char* tag, const char* unit, double value) {
  return {.struct_size = sizeof(coldload_metric), .reserved = 0, .tag = tag, .unit = unit, .value = value};
}

coldload_evidence text_evidence(const char* key, const char* text) {
  coldload_evidence evidence{};
  evidence.struct_size = sizeof evidence;
  evidence.type = COLDLOAD_OPTION_STRING;
  evidence.key = key;
  evidence.as.text = text;
  return evidence;
}

TEST(Host, PassesOnWhatAComponentSays) {
  NotingHost host;
  const coldload_host* table = host.table();
  EXPECT_EQ(table->struct_size, sizeof(coldload_host));
  EXPECT_EQ(table->abi_minor, COLDLOAD_ABI_MINOR);
  table->log(table, COLDLOAD_LOG_WARNING, "slow");
  const auto retries = metric("s3/retries", "count", 3);
  table->record(table, &retries);
  const auto direct = text_evidence("direct", "true");
  table->evidence(table, &direct);
  table->disturbed(table, "3 retries");
  EXPECT_EQ(host.logged.at(0).first, static_cast<uint32_t>(COLDLOAD_LOG_WARNING));
  EXPECT_EQ(host.logged.at(0).second, "slow");
  EXPECT_EQ(host.metrics.at("s3/retries count"), 3.0);
  EXPECT_EQ(host.noted.at("direct"), "true");
  EXPECT_EQ(host.reasons.at(0), "3 retries");
  EXPECT_EQ(table->get_extension(table, "anything"), nullptr);
}

TEST(Host, SaysWhetherToStop_AndWhatTimeItIs) {
  NotingHost host;
  const coldload_host* table = host.table();
  EXPECT_EQ(table->cancelled(table), 0U);
  host.stop = true;
  EXPECT_EQ(table->cancelled(table), 1U);
  const uint64_t before = table->now_ns(table);
  EXPECT_GE(table->now_ns(table), before);
  EXPECT_GT(before, 0U);
}

TEST(Host, DropsAMetricThatIsNoNumber_AndWhatIsNull) {
  NotingHost host;
  const coldload_host* table = host.table();
  const auto nan = metric("x/nan", "count", std::nan(""));
  const auto infinite = metric("x/inf", "count", std::numeric_limits<double>::infinity());
  const auto untagged = metric(nullptr, "count", 1);
  table->record(table, &nan);
  table->record(table, &infinite);
  table->record(table, &untagged);
  table->record(table, nullptr);
  const auto no_text = text_evidence("key", nullptr);
  table->evidence(table, &no_text);
  table->evidence(table, nullptr);
  table->log(table, 0, nullptr);
  table->disturbed(table, nullptr);
  EXPECT_TRUE(host.metrics.empty());
  EXPECT_TRUE(host.noted.empty());
  EXPECT_TRUE(host.logged.empty());
  EXPECT_TRUE(host.reasons.empty());
}

TEST(Host, DropsAStructSmallerThanItsFields) {
  NotingHost host;
  auto small = metric("x/y", "count", 1);
  small.struct_size = 8;
  host.table()->record(host.table(), &small);
  EXPECT_TRUE(host.metrics.empty());
}

TEST(Host, MakesTextFromAComponentValidUtf8) {
  NotingHost host;
  host.table()->log(host.table(), 0, "a\xff");
  EXPECT_EQ(host.logged.at(0).second, "a\xEF\xBF\xBD");
}

class ThrowingHost : public HostServices {
 public:
  void log(uint32_t, std::string_view) override { throw std::bad_alloc(); }
  void record(std::string_view, std::string_view, double) override { throw std::bad_alloc(); }
  void evidence(const coldload_evidence&) override { throw std::bad_alloc(); }
  void disturbed(std::string_view) override { throw std::bad_alloc(); }
  [[nodiscard]] bool cancelled() const override { throw std::bad_alloc(); }
};

TEST(Host, LetsNoExceptionReachAComponent_AndTellsItToStopWhenItCannotSay) {
  const ThrowingHost host;
  const coldload_host* table = host.table();
  const auto number = metric("x/y", "count", 1);
  const auto note = text_evidence("key", "text");
  table->log(table, 0, "text");
  table->record(table, &number);
  table->evidence(table, &note);
  table->disturbed(table, "text");
  EXPECT_EQ(table->cancelled(table), 1U);
}

}  // namespace
}  // namespace coldload
