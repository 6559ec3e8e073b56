#include "core/plugin/instance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "support.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;

const Registry& registry() {
  static const Registry loaded = Registry::load({test_plugin("every_option")});
  return loaded;
}

ComponentSpec spec(std::string name, ValueTable options) {
  options.push_back(member("root", text("models")));
  return {std::move(name), "every", std::move(options), {"x.toml", 12, 1}};
}

class InstanceTest : public testing::Test {
 protected:
  // One backend that misbehaves as told.
  std::unique_ptr<Backend> backend(const std::string& behaviour) {
    auto created =
        Backend::create(registry(), {spec("lake", {member("behave", text(behaviour))})}, "/base", host_);
    if (!created) ADD_FAILURE() << created.error().message;
    return created ? std::move(*created) : nullptr;
  }
  Error list_error(const std::string& behaviour) {
    const auto listed = backend(behaviour)->list("m");
    return listed ? Error{Status::internal, "(it listed)", 0} : listed.error();
  }

  NotingHost host_;
};

TEST_F(InstanceTest, AComponentSeesEveryOptionTypedAndFilled) {
  ::setenv("COLDLOAD_TEST_TOKEN", "hunter2", 1);
  const ValueTable options = {member("threads", whole(4)), member("token", text("env:COLDLOAD_TEST_TOKEN")),
                              member("args", written(ValueList{text("-v"), text("x y")}))};
  const auto created = Backend::create(registry(), {spec("lake", options)}, "/base", host_);
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(host_.noted["direct"], "1");
  EXPECT_EQ(host_.noted["threads"], "4");
  EXPECT_EQ(host_.noted["ratio"], "1.000");
  EXPECT_EQ(host_.noted["label"], "text");
  EXPECT_EQ(host_.noted["split"], "chunks");
  EXPECT_EQ(host_.noted["part_size"], "8388608");
  EXPECT_EQ(host_.noted["timeout"], "250000000");
  EXPECT_EQ(host_.noted["bandwidth"], "0");
  EXPECT_EQ(host_.noted["token"], "hunter2");
  EXPECT_EQ(host_.noted["source"], "none");
  EXPECT_EQ(host_.noted["args"], "[-v][x y]");
  EXPECT_EQ(host_.noted["labels"], "[k][v]");
  EXPECT_EQ(host_.noted["root"], "/base/models");
  EXPECT_EQ(find_option((*created)->options(), "token")->shown, "env:COLDLOAD_TEST_TOKEN");
  ::unsetenv("COLDLOAD_TEST_TOKEN");
}

TEST_F(InstanceTest, ASecretThatIsNotThereFailsTheCreation_NamingOptionAndPlace) {
  const auto created = Backend::create(
      registry(), {spec("lake", {member("token", text("env:COLDLOAD_TEST_UNSET"))})}, "/base", host_);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().status, Status::not_found);
  EXPECT_EQ(created.error().message,
            "x.toml:12:1: backend \"lake\": option \"token\": secret: environment variable "
            "COLDLOAD_TEST_UNSET is not set");
}

TEST_F(InstanceTest, InitIsCalledOnceHoweverManyAreCreated) {
  (void)backend("well");
  const std::string first = host_.noted["init_calls"];
  (void)backend("well");
  EXPECT_EQ(first, "1");
  EXPECT_EQ(host_.noted["init_calls"], "1");
}

TEST_F(InstanceTest, ABackendGetsTheOneItIsBuiltOn_WhichOutlivesIt) {
  const BackendChain chain = {spec("inner", {}), spec("outer", {member("source", text("inner"))})};
  {
    const auto created = Backend::create(registry(), chain, "/base", host_);
    ASSERT_TRUE(created) << created.error().message;
    EXPECT_EQ((*created)->name(), "outer");
    EXPECT_EQ(host_.noted["source"], "a backend");
    EXPECT_EQ(host_.noted.count("destroyed"), 0U);
  }
  EXPECT_EQ(host_.noted["pinged"], "yes");
  EXPECT_EQ(host_.noted["destroyed"], "alone");  // The inner one, last.
}

TEST_F(InstanceTest, ABackendMayNotNameOneThatComesLater) {
  const BackendChain chain = {spec("outer", {member("source", text("inner"))}), spec("inner", {})};
  const auto created = Backend::create(registry(), chain, "/base", host_);
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message, HasSubstr("option \"source\" names no backend: \"inner\""));
}

TEST_F(InstanceTest, AnUnknownComponentIsNamedWithTheNearest) {
  const auto created = Backend::create(registry(), {{"lake", "evry", {}, {"x.toml", 12, 1}}}, "/base", host_);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().message,
            "x.toml:12:1: backend \"lake\": no plugin provides a backend \"evry\"; did you mean \"every\"?");
}

TEST_F(InstanceTest, AllMistakesInOptionsComeAtOnce) {
  const ValueTable wrong = {member("thread", whole(1)), member("direct", whole(1))};
  const auto created = Backend::create(registry(), {spec("lake", wrong)}, "/base", host_);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().status, Status::invalid_option);
  EXPECT_THAT(created.error().message, HasSubstr("no option \"thread\""));
  EXPECT_THAT(created.error().message, HasSubstr("\nx.toml:14:9: backend \"lake\": option \"direct\" is 1"));
}

TEST_F(InstanceTest, ACreationThatFailsKeepsThePluginsStatusMessageAndNumber) {
  const auto created =
      Backend::create(registry(), {spec("lake", {member("behave", text("refuse"))})}, "/base", host_);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().status, Status::not_found);
  EXPECT_EQ(created.error().message, "x.toml:12:1: backend \"lake\": no bucket of that name");
  EXPECT_EQ(created.error().os_error, -404);
}

TEST_F(InstanceTest, FlagsAreThoseOfTheWholeChain) {
  const auto created = backend("well");
  EXPECT_TRUE(created->has_flag(COLDLOAD_COMPONENT_SYNTHETIC));
  EXPECT_FALSE(created->has_flag(COLDLOAD_COMPONENT_EMULATED));
}

TEST_F(InstanceTest, ListingIsSorted) {
  const auto listed = backend("well")->list("m");
  ASSERT_TRUE(listed) << listed.error().message;
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ(listed->at(0).key, "m/a.bin");
  EXPECT_EQ(listed->at(0).size_bytes, 5U);
  EXPECT_EQ(listed->at(1).key, "m/b.bin");
}

TEST_F(InstanceTest, AStatusWithoutAMessageIsSaidToBeOne) {
  const Error error = list_error("no_message");
  EXPECT_EQ(error.status, Status::permission_denied);
  EXPECT_EQ(error.message,
            "plugin org.example.every: list() returned status 4 (permission denied) without a message");
}

TEST_F(InstanceTest, AStatusThatIsNoneIsThePluginsFault) {
  const Error error = list_error("unknown_status");
  EXPECT_EQ(error.status, Status::internal);
  EXPECT_EQ(error.message,
            "plugin org.example.every: list() returned status 77, which is none, without a message");
  EXPECT_THAT(list_error("negative_status").message, HasSubstr("returned status -3, which is none"));
}

TEST_F(InstanceTest, AMessageWithoutAnEndIsCutAtItsRoom) {
  const Error error = list_error("long_message");
  EXPECT_EQ(error.status, Status::io_error);
  EXPECT_EQ(error.message, std::string(500, 'x'));
}

TEST_F(InstanceTest, KeysThatLeaveTheRootAreRefused_AlsoWhenThePluginGoesOn) {
  const std::string before = "plugin org.example.every: list(\"m\") gave the key ";
  EXPECT_EQ(list_error("key_parent").message,
            before + "\"m/../../etc/passwd\", which leaves the backend's root with \".\" or \"..\"");
  EXPECT_EQ(list_error("key_absolute").message,
            before + "\"/etc/passwd\", which has an empty part between slashes");
  EXPECT_EQ(list_error("key_empty").message, before + "\"\", which is empty");
  EXPECT_EQ(list_error("key_bytes").message, before + "\"m/\xEF\xBF\xBD\", which is not valid UTF-8");
  EXPECT_EQ(list_error("key_outside").message, before + "\"n/a.bin\", which lies outside what was asked for");
  EXPECT_EQ(list_error("key_repeated").message, before + "\"m/a.bin\" twice");
}

TEST_F(InstanceTest, OneObjectMoreThanTheLimitIsRefused) {
  const Error error = list_error("many");
  EXPECT_EQ(error.status, Status::unsupported);
  EXPECT_EQ(error.message, "\"m\" holds more than 100000 objects: name a folder further down");
}

TEST_F(InstanceTest, AnObjectIsReadAndClosed) {
  const auto lake = backend("well");
  {
    const auto object = lake->open("m/a.bin", 0);
    ASSERT_TRUE(object) << object.error().message;
    EXPECT_EQ((*object)->info().size_bytes, 5U);
    EXPECT_EQ((*object)->info().fd, -1);
    EXPECT_TRUE((*object)->can(COLDLOAD_CAN_READ_AT));
    EXPECT_FALSE((*object)->can(COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_FD));
    std::array<char, 4> bytes{};
    ASSERT_TRUE((*object)->read_at(1, bytes.data(), 4));
    EXPECT_EQ(std::string(bytes.data(), 4), "ello");
    EXPECT_EQ((*object)->read_at(2, bytes.data(), 4).error().message, "m/a.bin: 4 bytes at 2 of 5");
    EXPECT_EQ((*object)->residency().value(), 3U);
    EXPECT_EQ((*object)->evict().error().message, "m/a.bin: backend \"lake\" cannot evict it");
    EXPECT_STREQ((*object)->table()->key, "m/a.bin");
    EXPECT_EQ(host_.noted.count("closed"), 0U);
  }
  EXPECT_EQ(host_.noted["closed"], "yes");
  const auto missing = lake->open("m/none", 0);
  EXPECT_EQ(missing.error().status, Status::not_found);
  EXPECT_EQ(missing.error().message, "m/none: no such object");
}

TEST_F(InstanceTest, ACapabilityClaimedWithNothingBehindItIsThePluginsFault_AndTheObjectIsClosed) {
  const auto fd = backend("claims_fd")->open("m/a.bin", 0);
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().message,
            "plugin org.example.every: open(\"m/a.bin\") claims FD, but gave no descriptor");
  EXPECT_EQ(host_.noted["closed"], "yes");
  const auto evict = backend("claims_evict")->open("m/a.bin", 0);
  EXPECT_EQ(evict.error().message,
            "plugin org.example.every: open(\"m/a.bin\") claims EVICT, but has no evict()");
  const auto alignment = backend("alignment")->probe("m", 0);
  EXPECT_EQ(alignment.error().message,
            "plugin org.example.every: probe(\"m\") gave an offset alignment of 8192 bytes, expected a power "
            "of two up "
            "to 4096");
}

TEST_F(InstanceTest, AnExtensionIsFoundByIdOrIsNotThere) {
  const auto lake = backend("well");
  EXPECT_NE(lake->extension("known"), nullptr);
  EXPECT_EQ(lake->extension("unknown"), nullptr);
}

TEST_F(InstanceTest, AStrategySaysWhatItNeeds_AndItsErrorsKeepTheirNumbers) {
  const auto created =
      Strategy::create(registry(), {"fast", "picky", {member("buffers", whole(3))}, {}}, "/", host_);
  ASSERT_TRUE(created) << created.error().message;
  const coldload_model_size model{sizeof model, 1, 100, 100};
  const auto needs = (*created)->requirements(model);
  ASSERT_TRUE(needs) << needs.error().message;
  EXPECT_EQ(needs->buffer_bytes, 100U);
  EXPECT_EQ(needs->buffers_in_flight, 3U);
  EXPECT_EQ(needs->memory_alignment_bytes, 1U);
  const coldload_job job{};
  EXPECT_TRUE((*created)->setup(job));  // It has none.
  const auto loaded = (*created)->load(job);
  EXPECT_EQ(loaded.error().status, Status::cancelled);
  EXPECT_EQ(loaded.error().message, "m/a.bin: stopped after 3 bytes");
  EXPECT_EQ(loaded.error().os_error, 125);
  (*created)->teardown();
}

TEST_F(InstanceTest, AStrategyThatWantsBuffersButNoneInFlightIsRefused) {
  const auto created =
      Strategy::create(registry(), {"fast", "picky", {member("buffers", whole(0))}, {}}, "/", host_);
  ASSERT_TRUE(created) << created.error().message;
  const coldload_model_size model{sizeof model, 1, 100, 100};
  EXPECT_EQ((*created)->requirements(model).error().message,
            "plugin org.example.every: requirements() gave buffers of 100 bytes, but none in flight");
}

TEST(CapabilityNames, AreThoseOfTheDesign) {
  EXPECT_EQ(capability_names(COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_FD), "READ_AT, FD");
  EXPECT_EQ(capability_names(COLDLOAD_CAN_NO_LOCAL_CACHE), "NO_LOCAL_CACHE");
  EXPECT_EQ(capability_names(0), "");
}

}  // namespace
}  // namespace coldload
