// A plugin's destination behind the host's interface: what the plugin is spared, and what is not taken from
// it.
#include "core/run/plugin_destination.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>

#include "core/base/limits.hpp"
#include "core/run/services.hpp"

namespace coldload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NoEvents final : public EventSink {
 public:
  void phase(std::string_view /*name*/) override {}
  void progress(uint64_t /*delivered_bytes*/, uint64_t /*total_bytes*/) override {}
  void log(uint32_t /*level*/, std::string_view /*message*/) override {}
};

const Registry& shelves() {
  static const Registry registry = Registry::load({std::string(COLDLOAD_TEST_SHELF_DIR) + "/shelf.so",
                                                   std::string(COLDLOAD_TEST_SHELF_DIR) + "/sieve.so"});
  return registry;
}

// "shelf" keeps its bytes and can be asked for them, "sieve" cannot.
class OnAShelf : public ::testing::Test {
 protected:
  Result<void> begin(const std::string& fault = "none", const std::string& id = "shelf",
                     const std::vector<uint64_t>& items = {10'000, 0, 5}) {
    ComponentSpec spec{"here", id, {}, {}};
    spec.options.push_back({"fault", {}, {fault, {}}});
    auto component = DestinationComponent::create(shelves(), spec, "/", services_);
    if (!component) return pass(component);
    destination_ = std::make_unique<PluginDestination>(std::move(*component));
    destination_->observe([this](uint32_t item, uint64_t offset, std::span<const std::byte> bytes) {
      seen_.push_back(std::to_string(item) + ":" + std::to_string(offset) + "+" +
                      std::to_string(bytes.size()));
      last_ = std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return Result<void>{};
    });
    BufferNeeds needs;
    needs.buffer_bytes = 4096;
    return destination_->begin(items, needs);
  }
  Result<coldload_buffer> acquire(uint32_t item, uint64_t offset, uint64_t length) {
    coldload_buffer buffer{};
    auto acquired = destination_->acquire(item, offset, length, buffer);
    if (!acquired) return pass(acquired);
    return buffer;
  }
  // What a strategy would do for one range.
  Result<void> bring(uint32_t item, uint64_t offset, const std::string& bytes) {
    auto buffer = acquire(item, offset, bytes.size());
    if (!buffer) return pass(buffer);
    std::memcpy(buffer->data, bytes.data(), bytes.size());
    return destination_->deliver(*buffer);
  }
  static std::string complaint(const Result<void>& result) {
    return result ? "(accepted)" : result.error().message;
  }

  NoEvents events_;
  std::atomic<bool> cancelled_{false};
  RunServices services_{events_, cancelled_};
  std::unique_ptr<PluginDestination> destination_;
  std::vector<std::string> seen_;
  std::string last_;
};

TEST_F(OnAShelf, WhatItKeepsIsObservedThereAndNotOnItsWay) {
  ASSERT_TRUE(begin());
  ASSERT_EQ(complaint(bring(2, 0, "abcde")), "(accepted)");
  ASSERT_EQ(complaint(destination_->deliver_mapped(0, 0, 5, reinterpret_cast<const std::byte*>("vwxyz"))),
            "(accepted)");
  ASSERT_TRUE(destination_->finish());
  EXPECT_THAT(seen_, ElementsAre());
  ASSERT_TRUE(destination_->observe_kept());
  EXPECT_THAT(seen_, ElementsAre("0:0+10000", "2:0+5"));
  EXPECT_EQ(last_, "abcde");
}

TEST_F(OnAShelf, BytesThatChangedThereAreSeenAsTheyLie) {
  ASSERT_TRUE(begin("wrong_bytes"));
  ASSERT_TRUE(bring(2, 0, "abcde"));
  ASSERT_TRUE(destination_->observe_kept());
  EXPECT_EQ(last_, "`bcde");
}

TEST_F(OnAShelf, WhatItCannotGiveBackIsObservedOnItsWay) {
  ASSERT_TRUE(begin("none", "sieve"));
  ASSERT_TRUE(bring(2, 1, "bcd"));
  ASSERT_TRUE(destination_->deliver_mapped(0, 8, 2, reinterpret_cast<const std::byte*>("vw")));
  EXPECT_THAT(seen_, ElementsAre("2:1+3", "0:8+2"));
  ASSERT_TRUE(destination_->observe_kept());
  EXPECT_EQ(seen_.size(), 2U);
}

TEST_F(OnAShelf, ABufferIsTakenOnceAndOnlyAsItWasAcquired) {
  ASSERT_TRUE(begin());
  const auto buffer = acquire(0, 4096, 100);
  ASSERT_TRUE(buffer);
  EXPECT_EQ(destination_->outstanding(), 1U);
  coldload_buffer changed = *buffer;
  changed.length = 50;
  EXPECT_THAT(
      complaint(destination_->deliver(changed)),
      HasSubstr("a buffer was delivered as bytes 4096+50 of item 0, it was acquired for 4096+100 of 0"));
  EXPECT_EQ(destination_->outstanding(), 0U);
  EXPECT_EQ(complaint(destination_->deliver(*buffer)), "a buffer was delivered that is not acquired");
}

TEST_F(OnAShelf, ARangeLongerThanAnnouncedIsTheStrategysFault) {
  ASSERT_TRUE(begin());
  EXPECT_TRUE(bring(0, 0, std::string(4096, 'x')));
  EXPECT_EQ(complaint(bring(0, 4096, std::string(4097, 'x'))),
            "the strategy asked for a buffer of 4097 bytes, its requirements said 4096");
}

TEST_F(OnAShelf, ABufferThatDoesNotFitIsThePluginsFault) {
  ASSERT_TRUE(begin("misplaced"));
  EXPECT_THAT(complaint(bring(0, 16, "abc")),
              HasSubstr("plugin org.example.shelf: acquire() gave a buffer of "));
  ASSERT_TRUE(begin("small"));
  EXPECT_THAT(complaint(bring(0, 16, "abc")), HasSubstr("acquire() gave a buffer of 2 bytes at "));
}

TEST_F(OnAShelf, APoolThatMakesNoSenseIsThePluginsFault) {
  EXPECT_EQ(complaint(begin("no_memory_kind")),
            "plugin org.example.shelf: begin() gave memory of kind 7, which is none");
  EXPECT_EQ(complaint(begin("large_region")),
            "plugin org.example.shelf: begin() gave a region of 2147483648 bytes, expected 1 to 1073741824");
}

TEST_F(OnAShelf, WhatFailsAfterTheLastDeliveryIsToldByFinish) {
  ASSERT_TRUE(begin("late"));
  ASSERT_TRUE(bring(2, 0, "abcde"));
  EXPECT_EQ(complaint(destination_->finish()), "the last copy never came");
}

}  // namespace
}  // namespace coldload
