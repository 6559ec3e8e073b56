#include "core/plugin/plugin_list.hpp"

#include <gmock/gmock.h>

#include "core/base/sha256.hpp"
#include "support.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;

Registry registry() {
  return Registry::load({test_plugin("every_option"), test_plugin("plain"), test_plugin("wrong_major")});
}

TEST(PluginList, ShowsOfEachFileWhatItIsWhoseItIsAndWhatItProvides) {
  const std::string file = test_plugin("every_option").string();
  const std::string text = plugin_list_text(registry());
  EXPECT_THAT(text,
              testing::StartsWith("org.example.every 1.4.2\n  vendor    example\n  abi       0.2\n"
                                  "  provides  backend every, strategy picky\n  file      " +
                                  file + "\n  sha256    " + sha256_of_file(file).value() + "\n  owner     "));
  EXPECT_THAT(text, testing::ContainsRegex(
                        "\n  owner     [^ :]+:[^ :]+, mode 07[0-7][0-7]\n\norg.example.plain 1.0\n"));
  EXPECT_THAT(
      text, HasSubstr("\nRefused\n  " + test_plugin("wrong_major").string() + ": built for plugin ABI 7.2"));
}

TEST(PluginList, SaysWhereThereIsNone) {
  EXPECT_EQ(plugin_list_text(Registry::load({})), "no plugin\n");
}

TEST(PluginList, IsAlsoADocument) {
  const auto document = json::parse(plugin_list_json(registry()), "list").value();
  const auto& plugin = document.at("plugins").at(0).as_object();
  EXPECT_EQ(plugin.at("id"), "org.example.every");
  EXPECT_EQ(plugin.at("version"), "1.4.2");
  EXPECT_EQ(plugin.at("vendor"), "example");
  EXPECT_EQ(plugin.at("abi"), "0.2");
  EXPECT_EQ(plugin.at("sha256").as_string(), sha256_of_file(test_plugin("every_option")).value());
  EXPECT_THAT(std::string(plugin.at("owner").as_string()), HasSubstr(":"));
  EXPECT_EQ(plugin.at("components"), (json::array{"backend/every", "strategy/picky"}));
  EXPECT_EQ(document.at("refused").as_array().size(), 1U);
}

TEST(PluginList, IdentifiesThePluginsOfAResult) {
  const json::array identities = plugin_identities(registry());
  ASSERT_EQ(identities.size(), 2U);
  EXPECT_EQ(identities.at(1).at("id"), "org.example.plain");
  EXPECT_FALSE(identities.at(1).as_object().contains("owner")) << "a user's name has no place in a result";
}

}  // namespace
}  // namespace coldload
