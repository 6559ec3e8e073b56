#include "core/model/safetensors.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "core/base/limits.hpp"
#include "core/model/safetensors_sax.hpp"
#include "tests/unit/model/temporary_directory.hpp"

namespace coldload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A header in a file that is exactly as long as `data_bytes` ask for.
Result<ShardHeader> parse(std::string_view json, uint64_t data_bytes) {
  return parse_header(json, json.size(), 8 + json.size() + data_bytes);
}

std::string refusal(std::string_view json, uint64_t data_bytes = 0) {
  const auto header = parse(json, data_bytes);
  if (header) return "accepted";
  EXPECT_EQ(header.error().status, Status::integrity);
  return header.error().message;
}

std::string entry(std::string_view name, uint64_t begin, uint64_t end) {
  return fmt::format(R"("{}":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}})", name, end - begin, begin,
                     end);
}

TEST(SafetensorsHeader, ReadsTensorsByOffset_AndMetadata) {
  const auto header = parse(R"({"__metadata__":{"format":"pt","a":"b"},)"
                            R"("second":{"dtype":"F32","shape":[],"data_offsets":[12,16]},)"
                            R"("first":{"data_offsets":[0,12],"shape":[2,3],"dtype":"BF16"}})",
                            16);
  ASSERT_TRUE(header) << header.error().message;
  ASSERT_EQ(header->tensors.size(), 2U);
  EXPECT_EQ(header->tensors[0].name, "first");
  EXPECT_EQ(header->tensors[0].dtype, Dtype::bf16);
  EXPECT_THAT(header->tensors[0].shape, ElementsAre(2, 3));
  EXPECT_EQ(header->tensors[0].end, 12U);
  EXPECT_EQ(header->tensors[1].name, "second");
  EXPECT_TRUE(header->tensors[1].shape.empty());
  EXPECT_EQ(header->metadata.at("format"), "pt");
  EXPECT_EQ(header->metadata.at("a"), "b");
}

TEST(SafetensorsHeader, IsTheSameInPiecesOfAnySize) {
  const std::string json =
      "  {\"__metadata__\":{\"\\u00e9\\n\":\"x\"}," + entry("t\\u00e9st", 0, 1234567) + "}   ";
  for (size_t piece = 1; piece <= json.size(); ++piece) {
    const auto header = detail::parse_header_in_pieces(json, 8 + json.size() + 1234567, piece);
    ASSERT_TRUE(header) << piece << ": " << header.error().message;
    EXPECT_EQ(header->tensors.at(0).name, "t\u00e9st");
    EXPECT_EQ(header->tensors.at(0).end, 1234567U);
    EXPECT_EQ(header->metadata.at("\u00e9\n"), "x");
  }
}

TEST(SafetensorsHeader, AcceptsWhiteSpaceAroundIt_AsTheReferenceDoes) {
  EXPECT_TRUE(parse(" \t\r\n{" + entry("a", 0, 3) + "}  \n", 3));
}

TEST(SafetensorsHeader, AcceptsNoTensors_AndNullMetadata) {
  EXPECT_TRUE(parse("{}      ", 0));
  EXPECT_TRUE(parse(R"({"__metadata__":null})", 0));
}

TEST(SafetensorsHeader, AcceptsTensorsOfNoBytesBetweenOthers) {
  const auto header =
      parse("{" + entry("a", 0, 3) + "," + entry("b", 3, 3) + "," + entry("c", 3, 5) + "}", 5);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(header->tensors[1].name, "b");
}

TEST(SafetensorsHeader, RefusesHoles_Overlaps_AndNamesTheTensor) {
  EXPECT_EQ(refusal("{" + entry("a", 0, 3) + "," + entry("b", 4, 5) + "}", 5),
            "1 byte of no tensor before tensor \"b\", which begins at 4");
  EXPECT_EQ(refusal("{" + entry("a", 0, 3) + "," + entry("b", 2, 5) + "}", 5),
            "tensor \"b\" begins at 2 and overlaps the one before, which ends at 3");
  EXPECT_EQ(refusal("{" + entry("a", 1, 3) + "}", 3),
            "1 byte of no tensor before tensor \"a\", which begins at 1");
}

TEST(SafetensorsHeader, RefusesDataThatDoesNotEndWhereTheFileDoes) {
  const std::string json = "{" + entry("a", 0, 3) + "}";
  EXPECT_THAT(refusal(json, 2),
              HasSubstr(fmt::format("need {} bytes, the file has {}", json.size() + 11, json.size() + 10)));
  EXPECT_THAT(refusal(json, 4), HasSubstr("the file has"));
}

TEST(SafetensorsHeader, RefusesDuplicates_OfTensors_Fields_AndMetadata) {
  EXPECT_EQ(refusal("{" + entry("a", 0, 3) + "," + entry("a", 3, 5) + "}", 5), "tensor \"a\" appears twice");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
            "tensor \"a\": dtype appears twice");
  EXPECT_EQ(refusal(R"({"__metadata__":{},"__metadata__":{}})"), "\"__metadata__\" appears twice");
  EXPECT_EQ(refusal(R"({"__metadata__":{"k":"1","k":"2"}})"), "\"__metadata__\": \"k\" appears twice");
}

TEST(SafetensorsHeader, SeesADuplicateNameThroughItsEscapes) {
  EXPECT_EQ(refusal("{" + entry("a", 0, 3) + "," + entry("\\u0061", 3, 5) + "}", 5),
            "tensor \"a\" appears twice");
}

TEST(SafetensorsHeader, RefusesUnknownDtypesAndFieldsByName) {
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F7","shape":[0],"data_offsets":[0,0]}})"),
            "tensor \"a\": unknown dtype \"F7\"");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shap":[0],"data_offsets":[0,0]}})"),
            "tensor \"a\": unknown field \"shap\", expected dtype, shape and data_offsets");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[0]}})"), "tensor \"a\": no data_offsets");
  EXPECT_EQ(refusal(R"({"a":{}})"), "tensor \"a\": no dtype");
}

TEST(SafetensorsHeader, RefusesOffsetsThatDoNotFitShapeAndDtype) {
  EXPECT_EQ(refusal(R"({"a":{"dtype":"BF16","shape":[3,2],"data_offsets":[0,11]}})", 11),
            "tensor \"a\": data_offsets hold 11 bytes, its shape and dtype BF16 need 12");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[5,4]}})"),
            "tensor \"a\": data_offsets end at 4, before they begin at 5");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[5]}})"),
            "tensor \"a\": data_offsets has 1 elements, expected 2");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})"),
            "tensor \"a\": data_offsets has more than 2 elements");
}

TEST(SafetensorsHeader, RefusesProductsThatOverflow) {
  const std::string half = "9223372036854775808";  // 2^63
  EXPECT_THAT(refusal(R"({"a":{"dtype":"U8","shape":[)" + half + R"(,2],"data_offsets":[0,0]}})"),
              HasSubstr("need 2^64 bits or more"));
  EXPECT_THAT(refusal(R"({"a":{"dtype":"U8","shape":[)" + half + R"(,2,0],"data_offsets":[0,0]}})"),
              HasSubstr("need 2^64 bits or more"));
  EXPECT_THAT(refusal(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[)" + half + "," + half + "]}}"),
              HasSubstr(half + " bytes of no tensor before tensor \"a\""));
}

TEST(SafetensorsHeader, MeasuresSubByteDtypesInBits) {
  EXPECT_TRUE(parse(R"({"a":{"dtype":"F4","shape":[2,3],"data_offsets":[0,3]}})", 3));
  EXPECT_TRUE(parse(R"({"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]}})", 3));
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}})", 2),
            "tensor \"a\": shape and dtype F4 need 12 bits, no whole number of bytes");
}

TEST(SafetensorsHeader, RefusesNumbersThatAreNoWholeNumbersBelow2To64) {
  for (const std::string_view number :
       {"1.0", "1e0", "-1", "-0", "18446744073709551616", "true", "null", "\"1\"", "{}", "[]"}) {
    EXPECT_THAT(
        refusal(fmt::format(R"({{"a":{{"dtype":"U8","shape":[{}],"data_offsets":[0,1]}}}})", number), 1),
        HasSubstr("expected whole numbers below 2^64"))
        << number;
  }
  EXPECT_THAT(refusal(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1.0]}})", 1),
              HasSubstr("data_offsets holds a fraction"));
}

TEST(SafetensorsHeader, RefusesNegativeNumbersThatAreCutBehindTheirSign) {
  const std::string json = R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})";
  for (size_t piece = 1; piece < 8; ++piece) {
    const auto header = detail::parse_header_in_pieces(json, 8 + json.size() + 1, piece);
    EXPECT_EQ(header.error().message,
              "tensor \"a\": shape holds a negative number, expected whole numbers below 2^64");
  }
}

TEST(SafetensorsHeader, RefusesOtherShapesOfJson) {
  EXPECT_EQ(refusal("[]"), "the header is an array, expected an object of tensors");
  EXPECT_EQ(refusal("7"), "the header is a number, expected an object of tensors");
  EXPECT_EQ(refusal(R"({"a":[]})"), "tensor \"a\" is an array, expected an object");
  EXPECT_EQ(refusal(R"({"a":{"dtype":1}})"), "tensor \"a\": dtype is a number, expected a text");
  EXPECT_EQ(refusal(R"({"a":{"shape":1}})"),
            "tensor \"a\": shape is a number, expected an array of whole numbers");
  EXPECT_EQ(refusal(R"({"__metadata__":{"a":1}})"), "\"__metadata__\": \"a\" is a number, expected a text");
  EXPECT_EQ(refusal(R"({"__metadata__":7})"), "\"__metadata__\" is a number, expected an object");
}

TEST(SafetensorsHeader, RefusesBrokenJson_AndSaysWhere) {
  EXPECT_EQ(refusal(""), "the header's 0 bytes are no complete JSON text");
  EXPECT_EQ(refusal("{\"a\":"), "the header's 5 bytes are no complete JSON text");
  EXPECT_THAT(refusal("{" + entry("a", 0, 3) + ",}", 3),
              HasSubstr("in or after tensor \"a\": not valid JSON: syntax"));
  EXPECT_EQ(refusal("{} {}"), "byte 3 of the header: text after its end");
  EXPECT_THAT(refusal(std::string("{}\0", 3)), HasSubstr("text after its end"));
}

TEST(SafetensorsHeader, RefusesInvalidUtf8_AndSaysWhere) {
  EXPECT_EQ(refusal("{\"\xff\":1}"), "byte 2 of the header: invalid UTF-8");
  EXPECT_EQ(refusal("{\"a\xc3\":1}"), "byte 4 of the header: invalid UTF-8");
  EXPECT_THAT(refusal(R"({"\ud800":1})"), HasSubstr("not valid JSON"));
}

TEST(SafetensorsHeader, RefusesNesting_AtTheFirstLevelThatIsTooMuch) {
  EXPECT_THAT(refusal("{\"a\":" + std::string(1'000'000, '[')), HasSubstr("tensor \"a\" is an array"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(refusal(objects), HasSubstr("unknown field \"a\""));
}

TEST(SafetensorsHeader, BoundsNamesRanksAndCounts) {
  const auto named = [](size_t length) { return "{" + entry(std::string(length, 'n'), 0, 0) + "}"; };
  EXPECT_TRUE(parse(named(limits::kTensorNameBytesMax), 0));
  EXPECT_THAT(refusal(named(limits::kTensorNameBytesMax + 1)),
              HasSubstr("longer than the limit of 4096 bytes"));
  const auto ranked = [](size_t rank) {
    std::string shape = "1";
    for (size_t i = 1; i < rank; ++i) shape += ",1";
    return R"({"a":{"dtype":"U8","shape":[)" + shape + R"(],"data_offsets":[0,1]}})";
  };
  EXPECT_TRUE(parse(ranked(limits::kTensorRankMax), 1));
  EXPECT_THAT(refusal(ranked(limits::kTensorRankMax + 1), 1),
              HasSubstr("more than the limit of 64 dimensions"));
}

std::string many_tensors(size_t count) {
  std::string json = "{";
  for (size_t i = 0; i < count; ++i) {
    fmt::format_to(std::back_inserter(json),
                   "{}\"{}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", i == 0 ? "" : ",",
                   i);
  }
  return json + "}";
}

TEST(SafetensorsHeader, BoundsTheNumberOfTensors) {
  EXPECT_TRUE(parse(many_tensors(limits::kTensorsPerShardMax), 0));
  EXPECT_THAT(refusal(many_tensors(limits::kTensorsPerShardMax + 1)),
              HasSubstr("more than the limit of 250000 tensors"));
}

TEST(SafetensorsHeader, BoundsMetadata) {
  const auto with = [](size_t bytes) {
    return R"({"__metadata__":{"k":")" + std::string(bytes, 'v') + "\"}}";
  };
  EXPECT_TRUE(parse(with(limits::kHeaderMetadataBytesMax - 1), 0));
  EXPECT_THAT(refusal(with(limits::kHeaderMetadataBytesMax)),
              HasSubstr("\"__metadata__\" is larger than the limit"));
}

TEST(SafetensorsHeader, BoundsDimensionsOfAllTensors) {
  const auto with = [](size_t dimensions) {
    std::string json = "{";
    for (size_t i = 0; dimensions > 0; ++i) {
      const size_t rank = std::min(dimensions, limits::kTensorRankMax);
      std::string shape = "0";
      for (size_t k = 1; k < rank; ++k) shape += ",1";
      json += fmt::format("{}\"{}\":{{\"dtype\":\"U8\",\"shape\":[{}],\"data_offsets\":[0,0]}}",
                          i == 0 ? "" : ",", i, shape);
      dimensions -= rank;
    }
    return json + "}";
  };
  EXPECT_TRUE(parse(with(limits::kTensorDimensionsMax), 0));
  EXPECT_THAT(refusal(with(limits::kTensorDimensionsMax + 1)), HasSubstr("dimensions in all"));
}

std::array<std::byte, 8> length_bytes(uint64_t length) {
  std::array<std::byte, 8> bytes{};
  std::memcpy(bytes.data(), &length, 8);
  return bytes;
}

TEST(SafetensorsLength, IsLittleEndian_AndInsideTheFileAndTheLimit) {
  EXPECT_EQ(header_length(length_bytes(258), 1000).value(), 258U);
  EXPECT_EQ(header_length(length_bytes(992), 1000).value(), 992U);
  EXPECT_EQ(header_length(length_bytes(993), 1000).error().message,
            "header of 993 bytes reaches past the end of the file of 1000");
  EXPECT_EQ(header_length(length_bytes(100'000'000), UINT64_MAX).value(), 100'000'000U);
  EXPECT_THAT(header_length(length_bytes(100'000'001), UINT64_MAX).error().message,
              HasSubstr("header of 100000001 bytes: the limit is 100000000"));
  EXPECT_FALSE(header_length(length_bytes(UINT64_MAX), UINT64_MAX));
  EXPECT_EQ(header_length(length_bytes(0), 7).error().message, "7 bytes, a safetensors file has at least 8");
}

TEST(SafetensorsFile, IsReadThroughALink_AndItsExtentsCoverIt) {
  const TemporaryDirectory directory;
  std::string json = "{" + entry("b", 2, 5) + "," + entry("a", 0, 2) + "}";
  json.resize((json.size() + 7) / 8 * 8, ' ');
  const auto first = length_bytes(json.size());
  directory.write("blob", std::string(reinterpret_cast<const char*>(first.data()), 8) + json + "12345");
  std::filesystem::create_symlink("blob", directory.path() / "model.safetensors");
  const auto header = read_header(directory.path() / "model.safetensors");
  ASSERT_TRUE(header) << header.error().message;
  const auto extents = extents_of(*header);
  ASSERT_EQ(extents.size(), 3U);
  EXPECT_EQ(extents[0].name, "");
  EXPECT_EQ(extents[0].length, 8 + json.size());
  EXPECT_EQ(extents[1].name, "a");
  EXPECT_EQ(extents[1].offset, 8 + json.size());
  EXPECT_EQ(extents[2].offset, 8 + json.size() + 2);
  EXPECT_EQ(extents[2].offset + extents[2].length, 8 + json.size() + 5);
}

TEST(SafetensorsFile, ThatIsMissing_ADirectory_OrEmptyIsRefused) {
  const TemporaryDirectory directory;
  directory.write("empty", "");
  EXPECT_EQ(read_header(directory.path() / "missing").error().status, Status::not_found);
  EXPECT_EQ(read_header(directory.path()).error().message, "is no regular file");
  EXPECT_EQ(read_header(directory.path() / "empty").error().message,
            "0 bytes, a safetensors file has at least 8");
}

TEST(SafetensorsFile, PassesTheReadersFailureOn) {
  const auto header = read_header(
      [](uint64_t offset, std::span<std::byte>) -> Result<void> {
        return fail(Status::io_error, fmt::format("at {}", offset), 5);
      },
      100);
  EXPECT_EQ(header.error().message, "at 0");
  EXPECT_EQ(header.error().os_error, 5);
}

}  // namespace
}  // namespace coldload
