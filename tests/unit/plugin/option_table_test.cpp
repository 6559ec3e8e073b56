// What the host refuses of a plugin's option table, and how it describes a good one.
#include <gtest/gtest.h>

#include <vector>

#include "core/base/limits.hpp"
#include "core/plugin/options.hpp"

namespace coldload {
namespace {

const char* const kChoices[] = {"chunks", "files", nullptr};

coldload_option option(uint32_t type, const char* default_value, const char* minimum = nullptr,
                       const char* maximum = nullptr) {
  coldload_option out{};
  out.struct_size = sizeof out;
  out.type = type;
  out.name = "part_size";
  out.unit = "";
  out.summary = "What it says.";
  out.default_value = default_value;
  out.minimum = minimum;
  out.maximum = maximum;
  if (type == COLDLOAD_OPTION_CHOICE) out.choices = kChoices;
  if (default_value == nullptr) out.flags = COLDLOAD_OPTION_REQUIRED;
  return out;
}

std::string fault(const std::vector<coldload_option>& options) {
  coldload_component component{};
  component.struct_size = sizeof component;
  component.option_count = static_cast<uint32_t>(options.size());
  component.options = options.data();
  const auto checked = check_option_table(component);
  return checked ? "none" : checked.error().message;
}

template <typename Change>
std::string fault_after(coldload_option changed, Change change) {
  change(changed);
  return fault({changed});
}

TEST(OptionTable, IsGoodWithEveryType) {
  EXPECT_EQ(fault({}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_BOOL, "false")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_INT, "-3", "-5", "5")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_FLOAT, "0.5", "0", "1")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_STRING, "")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_CHOICE, "files")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_BYTES, "8 MiB", "0", "5 GiB")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_DURATION, "250 ms", "0", "1 h")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_RATE, "2 Gbit/s", "0")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_SECRET, "env:TOKEN")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_BACKEND, "")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_LIST, "a,b")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_MAP, "a=b,c=")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_PATH, "")}), "none");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_BYTES, nullptr)}), "none");
}

TEST(OptionTable, IsRefusedWithADefaultThatIsNoValueOfItsTypeOrRange) {
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_BOOL, "yes")}),
            "option \"part_size\": default \"yes\" is not true or false");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_INT, "8x")}),
            "option \"part_size\": default \"8x\" is not integer");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_INT, "6", "1", "5")}),
            "option \"part_size\": default \"6\" is not integer, 1 to 5");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_CHOICE, "rows")}),
            "option \"part_size\": default \"rows\" is not one of chunks, files");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_DURATION, "250")}),
            "option \"part_size\": default \"250\" is not duration");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_SECRET, "hunter2")}),
            "option \"part_size\": default \"hunter2\" is not secret, as \"env:NAME\" or \"file:PATH\"");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_BACKEND, "nvme")}),
            "option \"part_size\": names a backend by default");
}

TEST(OptionTable, IsRefusedWithARangeThatIsNone) {
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_BYTES, "1", "0", "lots")}),
            "option \"part_size\": maximum \"lots\" is no value of its type (bytes)");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_INT, "1", "one")}),
            "option \"part_size\": minimum \"one\" is no value of its type (int)");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_INT, "1", "5", "1")}),
            "option \"part_size\": minimum 5 is above maximum 1");
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_STRING, "b", "a")}),
            "option \"part_size\": has a range, but is of type string");
}

TEST(OptionTable, IsRefusedWithADefaultWhereThereMustBeNone_AndWithoutOneElsewhere) {
  const coldload_option good = option(COLDLOAD_OPTION_INT, "1");
  EXPECT_EQ(fault_after(good, [](auto& o) { o.flags = COLDLOAD_OPTION_REQUIRED; }),
            "option \"part_size\": is required and has a default");
  EXPECT_EQ(fault_after(good, [](auto& o) { o.default_value = nullptr; }),
            "option \"part_size\": has no default and is not required");
}

TEST(OptionTable, IsRefusedWithNamesTypesTextsThatAreNone) {
  const coldload_option good = option(COLDLOAD_OPTION_INT, "1");
  EXPECT_EQ(fault_after(good, [](auto& o) { o.name = "partSize"; }),
            "option name \"partSize\" is not snake_case");
  EXPECT_EQ(fault_after(good, [](auto& o) { o.name = nullptr; }), "option name \"\" is not snake_case");
  EXPECT_EQ(fault_after(good, [](auto& o) { o.type = 14; }),
            "option \"part_size\": has type 14, which is none");
  EXPECT_EQ(fault_after(good, [](auto& o) { o.flags = 2; }),
            "option \"part_size\": has flags 0x2, which are none");
  EXPECT_EQ(fault_after(good, [](auto& o) { o.summary = "two\nlines"; }),
            "option \"part_size\": has no summary of one line");
  EXPECT_EQ(fault_after(good, [](auto& o) { o.unit = nullptr; }),
            "option \"part_size\": has no unit (\"\" where the type says it)");
  EXPECT_EQ(fault_after(good, [](auto& o) { o.choices = kChoices; }),
            "option \"part_size\": has choices, but is no choice");
  const coldload_option choice = option(COLDLOAD_OPTION_CHOICE, "files");
  EXPECT_EQ(fault_after(choice, [](auto& o) { o.choices = nullptr; }),
            "option \"part_size\": is a choice without choices");
}

TEST(OptionTable, IsRefusedWithOneNameTwice) {
  EXPECT_EQ(fault({option(COLDLOAD_OPTION_INT, "1"), option(COLDLOAD_OPTION_INT, "2")}),
            "option \"part_size\": stands twice in the table");
}

TEST(OptionTable, IsRefusedWithASmallerStructThanTheAbis) {
  EXPECT_EQ(fault_after(option(COLDLOAD_OPTION_INT, "1"), [](auto& o) { o.struct_size = 16; }),
            "options have a struct_size of 16, this host's is " + std::to_string(sizeof(coldload_option)));
}

TEST(OptionTable, HasAsManyOptionsAsTheLimit_AndNotOneMore) {
  std::vector<std::string> names;
  for (size_t i = 0; i <= limits::kComponentOptionsMax; ++i) names.push_back("o" + std::to_string(i));
  std::vector<coldload_option> options;
  for (const std::string& name : names) {
    options.push_back(option(COLDLOAD_OPTION_INT, "1"));
    options.back().name = name.c_str();
  }
  EXPECT_EQ(fault(options), "has 257 options, above the limit of 256");
  options.pop_back();
  EXPECT_EQ(fault(options), "none");
}

// A plugin of a later minor has larger structs.
TEST(OptionTable, IsWalkedByThePluginsOwnStructSize) {
  struct Larger {
    coldload_option option;
    uint64_t more;
  };
  std::vector<Larger> options(2, {option(COLDLOAD_OPTION_INT, "1"), ~uint64_t{0}});
  for (Larger& larger : options) larger.option.struct_size = sizeof(Larger);
  options[1].option.name = "second";
  coldload_component component{};
  component.option_count = 2;
  component.options = &options[0].option;
  ASSERT_TRUE(check_option_table(component));
  EXPECT_EQ(find_option(component, "second"), &options[1].option);
  EXPECT_EQ(find_option(component, "third"), nullptr);
}

TEST(OptionDescription, SaysTypeRangeAndDefault) {
  EXPECT_EQ(describe_option(option(COLDLOAD_OPTION_BYTES, "8 MiB", "1 MiB", "5 GiB")),
            "bytes, 1 MiB to 5 GiB, default 8 MiB");
  EXPECT_EQ(describe_option(option(COLDLOAD_OPTION_CHOICE, "chunks")),
            "one of chunks, files, default chunks");
  EXPECT_EQ(describe_option(option(COLDLOAD_OPTION_DURATION, "0", "0")), "duration, at least 0, default 0");
  EXPECT_EQ(describe_option(option(COLDLOAD_OPTION_INT, "1", nullptr, "9")), "integer, at most 9, default 1");
  EXPECT_EQ(describe_option(option(COLDLOAD_OPTION_PATH, nullptr)), "path, required");
  EXPECT_EQ(describe_option(option(COLDLOAD_OPTION_LIST, "")), "list of strings, default none");
  coldload_option threads = option(COLDLOAD_OPTION_INT, "4", "1", "512");
  threads.unit = "threads";
  EXPECT_EQ(describe_option(threads), "1 to 512 threads, default 4");
  threads.minimum = nullptr;
  threads.maximum = nullptr;
  EXPECT_EQ(describe_option(threads), "integer of threads, default 4");
}

}  // namespace
}  // namespace coldload
