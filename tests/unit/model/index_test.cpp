#include "core/model/index.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace coldload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ShardIndex, ReadsTheWeightMapByTensor_AndTheTotal) {
  const auto index = parse_index(
      R"({"metadata":{"total_size":16060522496,"more":[1,{"total_size":3}]},"weight_map":{"b":"2.safetensors","a":"1.safetensors","c":"2.safetensors"}})");
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ(index->total_size, 16060522496U);
  EXPECT_THAT(index->shards, ElementsAre("2.safetensors", "1.safetensors"));
  ASSERT_EQ(index->weight_map.size(), 3U);
  EXPECT_EQ(index->weight_map[0].tensor, "a");
  EXPECT_EQ(index->shards[index->weight_map[0].shard], "1.safetensors");
  EXPECT_EQ(index->shards[index->weight_map[2].shard], "2.safetensors");
}

TEST(ShardIndex, AcceptsATotalWrittenAsAFloat_AndNone) {
  EXPECT_EQ(parse_index(R"({"metadata":{"total_size":8.0},"weight_map":{}})")->total_size, 8U);
  EXPECT_EQ(parse_index(R"({"weight_map":{}})")->total_size, std::nullopt);
}

TEST(ShardIndex, RefusesWhatIsNoIndex_AndSaysWhy) {
  EXPECT_EQ(parse_index("{}").error().message, "no weight_map");
  EXPECT_EQ(parse_index("[]").error().message, "no weight_map");
  EXPECT_THAT(parse_index("{\"weight_map\":").error().message, HasSubstr("not valid JSON"));
  EXPECT_EQ(parse_index("{\"weight_map\":{}} x").error().message, "byte 18: text after its end");
  for (const std::string_view shard : {"1", "1.5", "true", "null", "[]", "{}", "18446744073709551615"}) {
    EXPECT_EQ(parse_index(fmt::format(R"({{"weight_map":{{"a":{}}}}})", shard)).error().message,
              "weight_map: \"a\": expected the name of a shard");
  }
}

TEST(ShardIndex, RefusesDuplicates) {
  EXPECT_EQ(parse_index(R"({"weight_map":{"a":"1","a":"2"}})").error().message,
            "weight_map: tensor \"a\" appears twice");
  EXPECT_EQ(parse_index(R"({"weight_map":{},"weight_map":{}})").error().message, "weight_map appears twice");
}

TEST(ShardIndex, RefusesShardsThatLeadOutOfTheDirectory) {
  for (const std::string_view shard : {"../x", "/etc/passwd", "a/b", "..", ".", "", "a\\u0000b"}) {
    EXPECT_THAT(parse_index(fmt::format(R"({{"weight_map":{{"a":"{}"}}}})", shard)).error().message,
                HasSubstr("is no name of an object beside the index"))
        << shard;
  }
}

TEST(ShardIndex, BoundsNestingAndCounts) {
  const auto nested = [](size_t depth) {
    return R"({"weight_map":{},"x":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_TRUE(parse_index(nested(limits::kHeaderNestingMax)));
  EXPECT_THAT(parse_index(nested(limits::kHeaderNestingMax + 1)).error().message,
              HasSubstr("not valid JSON"));
  const auto counted = [](size_t count) {
    std::string json = R"({"weight_map":{"0":"s")";
    for (size_t i = 1; i < count; ++i) fmt::format_to(std::back_inserter(json), ",\"{}\":\"s\"", i);
    return json + "}}";
  };
  EXPECT_TRUE(parse_index(counted(limits::kIndexTensorsMax)));
  EXPECT_THAT(parse_index(counted(limits::kIndexTensorsMax + 1)).error().message,
              HasSubstr("limit of 1000000 tensors"));
}

}  // namespace
}  // namespace coldload
