#include "core/plugin/plugin_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "coldload/backend.h"
#include "coldload/destination.h"
#include "coldload/strategy.h"
#include "core/base/limits.hpp"

namespace coldload {
namespace {

using testing::HasSubstr;

// A good plugin of one strategy and one backend, to be broken one field at a time.
struct Table {
  coldload_strategy_ops strategy_ops{};
  coldload_backend_ops backend_ops{};
  coldload_option option{};
  coldload_component strategy{};
  coldload_component backend{};
  std::vector<const coldload_component*> components;
  coldload_plugin plugin{};

  Table() {
    strategy_ops.struct_size = sizeof strategy_ops;
    strategy_ops.create = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    strategy_ops.destroy = [](void*) {};
    strategy_ops.requirements = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    strategy_ops.load = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    backend_ops.struct_size = sizeof backend_ops;
    backend_ops.create = strategy_ops.create;
    backend_ops.destroy = strategy_ops.destroy;
    backend_ops.list = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    backend_ops.probe = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    backend_ops.open = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    backend_ops.close = [](void*, void*) {};
    backend_ops.read_at = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    option.struct_size = sizeof option;
    option.type = COLDLOAD_OPTION_BACKEND;
    option.name = "source";
    option.unit = "";
    option.summary = "Where from.";
    option.default_value = "";
    strategy = component(COLDLOAD_KIND_STRATEGY, "same", &strategy_ops);
    backend = component(COLDLOAD_KIND_BACKEND, "same", &backend_ops);
    backend.options = &option;
    backend.option_count = 1;
    components = {&strategy, &backend};
    plugin = {COLDLOAD_ABI_MAJOR, COLDLOAD_ABI_MINOR, sizeof plugin, 2,      "org.example.table", "1.0",
              "example",          components.data(),  nullptr,       nullptr};
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  static coldload_component component(const char* kind, const char* id, const void* ops) {
    coldload_component out{};
    out.struct_size = sizeof out;
    out.kind = kind;
    out.id = id;
    out.summary = "What it does.";
    out.ops = ops;
    return out;
  }
};

template <typename Change>
std::string fault_after(Change change) {
  Table table;
  change(table);
  const auto checked = check_plugin_table(table.plugin);
  if (checked) return "none";
  EXPECT_EQ(checked.error().status, Status::unsupported);
  return checked.error().message;
}

TEST(PluginTable, IsGood_AlsoWithOneIdInTwoKinds) {
  EXPECT_EQ(fault_after([](Table&) {}), "none");
}

TEST(PluginTable, IsJudgedByItsVersionBeforeAnythingElseIsRead) {
  const auto broken = [](Table& t) {
    t.plugin.abi_major = 3;
    t.plugin.struct_size = 0;
    t.plugin.components = nullptr;
  };
  EXPECT_THAT(fault_after(broken), HasSubstr("built for plugin ABI 3.2, this host has 0.2"));
}

TEST(PluginTable, IsRefusedWhenSmallerThanItsAbi) {
  EXPECT_THAT(fault_after([](Table& t) { t.plugin.struct_size = 16; }),
              HasSubstr("the plugin's table has a struct_size of 16, the ABI it names has"));
  EXPECT_THAT(fault_after([](Table& t) { t.backend.struct_size = 8; }),
              HasSubstr("component \"same\": its table has a struct_size of 8"));
  EXPECT_THAT(fault_after([](Table& t) { t.backend_ops.struct_size = 8; }),
              HasSubstr("component \"same\": its table of functions has a struct_size of 8"));
}

// In the strategy's place, with the strategy's id.
struct DestinationInstead {
  coldload_destination_ops ops{};
  explicit DestinationInstead(Table& table) {
    ops.struct_size = sizeof ops;
    ops.create = table.strategy_ops.create;
    ops.destroy = table.strategy_ops.destroy;
    ops.begin = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    ops.acquire = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    ops.deliver = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    ops.deliver_mapped = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    ops.finish = [](auto...) -> coldload_status { return COLDLOAD_OK; };
    ops.cancel = [](void*) {};
    table.strategy = Table::component(COLDLOAD_KIND_DESTINATION, "same", &ops);
  }
};

template <typename Change>
std::string fault_of_destination_after(Change change) {
  Table table;
  DestinationInstead destination(table);
  change(table.strategy, destination.ops);
  const auto checked = check_plugin_table(table.plugin);
  return checked ? "none" : checked.error().message;
}

TEST(PluginTable, OfADestinationIsGoodWithoutWhatItMayLack) {
  EXPECT_EQ(fault_of_destination_after([](auto&, auto&) {}), "none");
}

TEST(PluginTable, OfADestinationIsRefusedWithoutAFunctionItMustHave_AndWithWhatIsAnotherKinds) {
  const char* const lacks =
      "component \"same\": lacks one of create, destroy, begin, acquire, deliver, deliver_mapped, finish, "
      "cancel";
  EXPECT_EQ(fault_of_destination_after([](auto&, auto& ops) { ops.begin = nullptr; }), lacks);
  EXPECT_EQ(fault_of_destination_after([](auto&, auto& ops) { ops.cancel = nullptr; }), lacks);
  EXPECT_THAT(fault_of_destination_after([](auto&, auto& ops) { ops.struct_size = 8; }),
              HasSubstr("its table of functions has a struct_size of 8"));
  EXPECT_THAT(fault_of_destination_after(
                  [](auto& component, auto&) { component.flags = COLDLOAD_COMPONENT_EXTERNAL; }),
              HasSubstr("has flags 0x2, which its kind has not"));
}

TEST(PluginTable, IsRefusedWithoutIdVersionVendorOrComponents) {
  EXPECT_THAT(fault_after([](Table& t) { t.plugin.id = nullptr; }), HasSubstr("its id is not one of"));
  EXPECT_THAT(fault_after([](Table& t) { t.plugin.id = "org.Example"; }), HasSubstr("its id is not one of"));
  EXPECT_EQ(fault_after([](Table& t) { t.plugin.version = nullptr; }), "has no version");
  EXPECT_EQ(fault_after([](Table& t) { t.plugin.vendor = ""; }), "has no vendor");
  EXPECT_EQ(fault_after([](Table& t) { t.plugin.component_count = 0; }), "provides no component");
  EXPECT_EQ(fault_after([](Table& t) { t.plugin.components = nullptr; }), "provides no component");
  EXPECT_EQ(fault_after([](Table& t) { t.components[1] = nullptr; }),
            "component 2 of 2 has no snake_case id");
  EXPECT_EQ(fault_after([](Table& t) { t.backend.id = "S3"; }), "component 2 of 2 has no snake_case id");
}

TEST(PluginTable, IsRefusedWithAComponentThatIsNotWhole) {
  EXPECT_EQ(fault_after([](Table& t) { t.strategy.kind = "coldload.engine/1"; }),
            "component \"same\": is of unknown kind \"coldload.engine/1\"");
  EXPECT_EQ(fault_after([](Table& t) { t.strategy.kind = nullptr; }),
            "component \"same\": is of unknown kind \"\"");
  EXPECT_EQ(fault_after([](Table& t) { t.strategy.summary = ""; }),
            "component \"same\": has no summary of one line");
  EXPECT_EQ(fault_after([](Table& t) { t.strategy.ops = nullptr; }),
            "component \"same\": has no table of functions");
  EXPECT_EQ(fault_after([](Table& t) { t.strategy_ops.load = nullptr; }),
            "component \"same\": lacks one of create, destroy, requirements, load");
  EXPECT_EQ(fault_after([](Table& t) { t.backend_ops.probe = nullptr; }),
            "component \"same\": lacks one of create, destroy, list, probe, open, close, read_at");
  EXPECT_EQ(fault_after([](Table& t) { t.strategy.option_count = 1; }),
            "component \"same\": has options, but no table of them");
}

TEST(PluginTable, IsRefusedWithWhatOnlyTheOtherKindHas) {
  static const char* const schemes[] = {"s3", nullptr};
  EXPECT_EQ(fault_after([](Table& t) { t.strategy.flags = COLDLOAD_COMPONENT_EMULATED; }),
            "component \"same\": has flags 0x8, which its kind has not");
  EXPECT_EQ(fault_after([](Table& t) { t.backend.flags = COLDLOAD_COMPONENT_EXTERNAL; }),
            "component \"same\": has flags 0x2, which its kind has not");
  EXPECT_EQ(fault_after([](Table& t) { t.strategy.schemes = schemes; }),
            "component \"same\": has URL schemes, which only a backend has");
  const auto names_a_backend = [](Table& t) {
    t.strategy.options = &t.option;
    t.strategy.option_count = 1;
  };
  EXPECT_EQ(fault_after(names_a_backend),
            "component \"same\": option \"source\" names a backend, which only a backend's may");
}

TEST(PluginTable, IsRefusedWithOneComponentTwice) {
  EXPECT_EQ(fault_after([](Table& t) { t.components[1] = &t.strategy; }),
            "provides the component \"same\" twice");
}

TEST(PluginTable, HasAsManyComponentsAsTheLimit_AndNotOneMore) {
  std::vector<std::string> ids;
  for (size_t i = 0; i <= limits::kPluginComponentsMax; ++i) ids.push_back("c" + std::to_string(i));
  std::vector<coldload_component> many;
  const auto provide = [&](Table& t, size_t count) {
    many.assign(count, t.strategy);
    t.components.clear();
    for (size_t i = 0; i < count; ++i) {
      many[i].id = ids[i].c_str();
      t.components.push_back(&many[i]);
    }
    t.plugin.components = t.components.data();
    t.plugin.component_count = static_cast<uint32_t>(count);
  };
  EXPECT_EQ(fault_after([&](Table& t) { provide(t, limits::kPluginComponentsMax); }), "none");
  EXPECT_EQ(fault_after([&](Table& t) { provide(t, limits::kPluginComponentsMax + 1); }),
            "provides 65 components, above the limit of 64");
}

}  // namespace
}  // namespace coldload
