#include "core/conformance/component_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coldload/backend.h"

namespace coldload::conformance {
namespace {

using ::testing::HasSubstr;

const std::string kPlugins = std::string(COLDLOAD_BINARY_DIR) + "/lib/coldload/plugins/";

class Configured : public ::testing::Test {
 protected:
  Configured()
      : registry_(Registry::load({kPlugins + "coldload_shaped.so", kPlugins + "coldload_local.so"})) {}

  [[nodiscard]] const coldload_component& shaped() const {
    return *registry_.find(COLDLOAD_KIND_BACKEND, "shaped")->table;
  }

  Registry registry_;
};

TEST(WrittenOption, IsANameAndWhatFollowsTheFirstEqualsSign) {
  const auto option = read_written_option("header=a=b");
  ASSERT_TRUE(option);
  EXPECT_EQ(option->name, "header");
  EXPECT_EQ(option->text, "a=b");
  EXPECT_EQ(read_written_option("empty=")->text, "");
}

TEST(WrittenOption, WithoutANameOrASignIsAnError) {
  for (const char* argument : {"chunk", "=4", ""}) {
    const auto option = read_written_option(argument);
    ASSERT_FALSE(option);
    EXPECT_THAT(option.error().message, HasSubstr("NAME=VALUE"));
  }
}

TEST_F(Configured, ABackendInAnOptionComesFirst_WithItsOwnOptions) {
  const auto chain = configured(registry_, shaped(), {{"latency", "3 ms"}, {"source", "local,root=/tmp"}});
  ASSERT_TRUE(chain) << chain.error().message;
  ASSERT_EQ(chain->size(), 2u);
  EXPECT_EQ(chain->front().component, "local");
  EXPECT_EQ(to_string(find_member(chain->front().options, "root")->value), "/tmp");
  EXPECT_EQ(chain->back().component, "shaped");
  EXPECT_EQ(to_string(find_member(chain->back().options, "source")->value), chain->front().name);
  EXPECT_EQ(to_string(find_member(chain->back().options, "latency")->value), "3 ms");
}

TEST_F(Configured, ABackendThatThereIsNoneOfIsNamed) {
  const auto chain = configured(registry_, shaped(), {{"source", "lokal,root=/tmp"}});
  ASSERT_FALSE(chain);
  EXPECT_THAT(chain.error().message, HasSubstr("\"lokal\""));
}

TEST_F(Configured, AnOptionThatTheInnerBackendHasNotIsNamedWithTheNearest) {
  const auto chain = configured(registry_, shaped(), {{"source", "local,rot=/tmp"}});
  ASSERT_FALSE(chain);
  EXPECT_THAT(chain.error().message, HasSubstr("did you mean \"root\""));
}

}  // namespace
}  // namespace coldload::conformance
