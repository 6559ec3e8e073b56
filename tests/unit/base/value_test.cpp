#include "core/base/value.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace coldload {
namespace {

Value at(uint32_t line, decltype(Value::data) data) {
  return {std::move(data), {"x.toml", line, 7}};
}

// By way of the text that goes through the pipe.
Value round_trip(const Value& value) {
  const auto document = json::parse(json::dump(to_json(value)), "the test");
  EXPECT_TRUE(document);
  auto back = value_from_json(*document);
  EXPECT_TRUE(back);
  return back ? std::move(*back) : Value{};
}

TEST(Value, KeepsTypeDataAndPlaceOnItsWayToTheWorker) {
  const Value text = round_trip(at(3, std::string("8 MiB \"quoted\" \n µ")));
  EXPECT_EQ(std::get<std::string>(text.data), "8 MiB \"quoted\" \n µ");
  EXPECT_EQ(to_string(text.where), "x.toml:3:7");
  EXPECT_TRUE(std::get<bool>(round_trip(at(4, true)).data));
  for (const int64_t whole :
       {std::numeric_limits<int64_t>::min(), int64_t{0}, int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(std::get<int64_t>(round_trip(at(5, whole)).data), whole);
  }
}

TEST(Value, KeepsAFloatAFloatEvenWhereItIsWhole) {
  EXPECT_EQ(std::get<double>(round_trip(at(1, 2.0)).data), 2.0);
  EXPECT_EQ(std::get<double>(round_trip(at(1, 0.1)).data), 0.1);
}

TEST(Value, KeepsListsAndTablesWithThePlaceOfEveryElementAndKey) {
  const ValueTable inner = {{"part", {"x.toml", 9, 1}, at(9, int64_t{16})}};
  const Value list = round_trip(at(8, ValueList{at(8, true), at(9, inner), at(10, ValueList{})}));
  const auto& elements = std::get<ValueList>(list.data);
  ASSERT_EQ(elements.size(), 3U);
  EXPECT_EQ(elements[2].where.line, 10U);
  const auto& table = std::get<ValueTable>(elements[1].data);
  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table[0].key, "part");
  EXPECT_EQ(to_string(table[0].where), "x.toml:9:1");
  EXPECT_EQ(to_string(table[0].value.where), "x.toml:9:7");
  EXPECT_EQ(std::get<int64_t>(table[0].value.data), 16);
}

TEST(Value, RefusesAMalformedOneRatherThanMakingSomethingOfIt) {
  for (const char* text :
       {"1", "{}", R"({"value":null})", R"({"value":{"what":1}})", R"({"value":{"table":[["k"]]}})",
        R"({"value":{"table":1}})", R"({"value":[1]})", R"({"value":{"table":[[1,[],{"value":1}]]}})"}) {
    const auto document = json::parse(text, "the test");
    ASSERT_TRUE(document) << text;
    const auto value = value_from_json(*document);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().message, "a value in the worker's input is malformed");
  }
}

TEST(Value, IsWrittenAsAScenarioWouldWriteIt) {
  EXPECT_EQ(to_string(at(1, int64_t{16})), "16");
  EXPECT_EQ(to_string(at(1, 0.5)), "0.5");
  EXPECT_EQ(to_string(at(1, false)), "false");
  EXPECT_EQ(to_string(at(1, ValueList{at(1, int64_t{4}), at(1, std::string("8 MiB"))})), "[4, 8 MiB]");
  EXPECT_EQ(to_string(at(1, ValueTable{{"a", {}, at(1, true)}})), "{ a = true }");
  EXPECT_EQ(type_name(at(1, ValueTable{})), "a table");
  EXPECT_EQ(type_name(at(1, 1.0)), "a float");
}

TEST(Value, FindsAMemberByItsKey) {
  const ValueTable table = {{"a", {}, at(1, true)}, {"b", {}, at(2, false)}};
  ASSERT_NE(find_member(table, "b"), nullptr);
  EXPECT_EQ(find_member(table, "b")->value.where.line, 2U);
  EXPECT_EQ(find_member(table, "c"), nullptr);
}

}  // namespace
}  // namespace coldload
