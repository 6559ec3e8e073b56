#include "core/run/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/run/survey.hpp"

namespace coldload {
namespace {

using ::testing::HasSubstr;

template <typename T>
json::value through_text(const T& value) {
  auto document = json::parse(json::dump(to_json(value)), "the test");
  EXPECT_TRUE(document);
  return document ? std::move(*document) : json::value{};
}

ComponentSpec spec(const std::string& name) {
  return {name,
          "local",
          {{"root", {"x.toml", 5, 1}, {std::string("/models"), {"x.toml", 5, 8}}}},
          {"x.toml", 4, 1}};
}

WorkerRequest full_request() {
  WorkerRequest request;
  request.operation = Operation::survey;
  request.plugin_files = {"/a.so", "/b.so"};
  request.base_directory = "/scenarios";
  request.backend = {spec("near"), spec("far")};
  request.strategy = spec("parallel");
  request.model_path = "llms/x";
  request.destination = "host";
  request.cache = CacheState::first_start;
  request.items = {{"llms/x/1.safetensors", "1.safetensors", 1ULL << 40U, true}};
  request.synthetic = true;
  request.verify = true;
  request.disturb = true;
  request.drop_caches = true;
  request.quiet = false;
  request.residency = ResidencyBy::mincore;
  request.pool_bytes = 123;
  request.max_bandwidth = 456;
  return request;
}

TEST(WorkerRequest, ArrivesAsItWasSent) {
  const WorkerRequest sent = full_request();
  const auto got = worker_request_from_json(through_text(sent));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->operation, sent.operation);
  EXPECT_EQ(got->plugin_files, sent.plugin_files);
  EXPECT_EQ(got->base_directory, sent.base_directory);
  ASSERT_EQ(got->backend.size(), 2U);
  EXPECT_EQ(got->backend[1].name, "far");
  EXPECT_EQ(got->strategy.component, "local");
  EXPECT_EQ(to_string(got->strategy.where), "x.toml:4:1");
  ASSERT_EQ(got->strategy.options.size(), 1U);
  EXPECT_EQ(to_string(got->strategy.options[0].value.where), "x.toml:5:8");
  EXPECT_EQ(got->model_path, sent.model_path);
  EXPECT_EQ(got->destination, sent.destination);
  EXPECT_EQ(got->cache, sent.cache);
  ASSERT_EQ(got->items.size(), 1U);
  EXPECT_EQ(got->items[0].key, sent.items[0].key);
  EXPECT_EQ(got->items[0].name, sent.items[0].name);
  EXPECT_EQ(got->items[0].size_bytes, sent.items[0].size_bytes);
  EXPECT_TRUE(got->items[0].is_item);
  // Whatever else there is: the same text again.
  EXPECT_EQ(json::dump(to_json(*got)), json::dump(to_json(sent)));
}

// Each flag by itself, so that none travels under another's name.
TEST(WorkerRequest, KeepsEveryFlagApart) {
  const auto flags_of = [](const WorkerRequest& r) {
    return std::vector<bool>{r.synthetic,   r.verify, r.disturb,
                             r.drop_caches, r.quiet,  r.residency == ResidencyBy::mincore};
  };
  for (size_t set = 0; set < 6; ++set) {
    WorkerRequest request;
    request.backend = {spec("a")};
    request.strategy = spec("b");
    request.synthetic = set == 0;
    request.verify = set == 1;
    request.disturb = set == 2;
    request.drop_caches = set == 3;
    request.quiet = set == 4;
    request.residency = set == 5 ? ResidencyBy::mincore : ResidencyBy::best;
    const auto got = worker_request_from_json(through_text(request));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(flags_of(*got), flags_of(request)) << set;
    EXPECT_EQ(got->max_bandwidth, std::nullopt);
  }
  for (const Operation operation : {Operation::run, Operation::survey, Operation::probe, Operation::stage,
                                    Operation::rehearse_stage, Operation::discard}) {
    WorkerRequest request;
    request.operation = operation;
    request.strategy = spec("b");
    EXPECT_EQ(worker_request_from_json(through_text(request))->operation, operation);
  }
}

TEST(WorkerRequest, OfASurveyMayComeWithoutAStrategy) {
  WorkerRequest sent = full_request();
  sent.strategy = {};
  const auto got = worker_request_from_json(through_text(sent));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->strategy.component, "");
  EXPECT_EQ(got->backend.size(), 2U);
}

TEST(WorkerRequest, ThatIsMalformedIsRefusedWithWhatIsMissing) {
  const auto complaint = [](const json::value& document) {
    const auto request = worker_request_from_json(document);
    return request ? std::string("(accepted)") : request.error().message;
  };
  json::object whole = through_text(full_request()).as_object();
  whole["operation"] = "run";
  EXPECT_EQ(complaint(json::value(whole)), "(accepted)");
  EXPECT_THAT(complaint(json::array{}), HasSubstr("no valid object"));
  for (const char* key : {"operation", "backend", "strategy", "cache"}) {
    json::object without = whole;
    without.erase(key);
    EXPECT_THAT(complaint(without), HasSubstr(std::string("no valid ") + key));
    json::object wrong = whole;
    wrong[key] = 7;
    EXPECT_NE(complaint(wrong), "(accepted)") << key;
  }
  json::object item = whole;
  item["items"] = json::array{1};
  EXPECT_THAT(complaint(item), HasSubstr("no valid item"));
  json::object chain = whole;
  chain["backend"] = json::array{json::object{}};
  EXPECT_NE(complaint(chain), "(accepted)");
}

TEST(Survey, ArrivesAsItWasTaken) {
  Survey sent;
  sent.model_path = "m/snapshots/1";
  sent.objects = {{"m/1.safetensors", 1ULL << 40U}, {"m/config.json", 5}};
  EffectiveOption option;
  option.name = "root";
  option.type = COLDLOAD_OPTION_PATH;
  option.source = OptionSource::written;
  option.shown = "models";
  option.integer = -3;
  option.quantity = UINT64_MAX;
  option.real = 0.5;
  option.text = "/scenarios/models";
  option.items = {"a", "b"};
  sent.backend_options = {option};
  sent.strategy_options = {option, option};
  sent.emulated = sent.synthetic = sent.external = sent.stages = true;
  sent.capabilities = 1;
  sent.needs_capabilities = 2;
  sent.open_flags = 3;
  sent.buffer_bytes = 1ULL << 33U;
  sent.buffers_in_flight = 5;
  sent.memory_alignment_bytes = 512;
  sent.thread_count = 7;
  sent.own_time_ns = 600'000'000'000;
  sent.missing_extensions = {"coldload.backend.async_read/1"};
  sent.unsupported = "not here";
  const auto got = survey_from_json(through_text(sent));
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->objects.size(), 2U);
  EXPECT_EQ(got->objects[0].size_bytes, 1ULL << 40U);
  EXPECT_EQ(got->strategy_options.size(), 2U);
  ASSERT_EQ(got->backend_options.size(), 1U);
  const EffectiveOption& arrived = got->backend_options[0];
  EXPECT_EQ(arrived.source, OptionSource::written);
  EXPECT_EQ(arrived.text, option.text);
  EXPECT_EQ(arrived.shown, option.shown);
  EXPECT_EQ(arrived.integer, option.integer);
  EXPECT_EQ(arrived.quantity, option.quantity);
  EXPECT_EQ(arrived.real, option.real);
  EXPECT_EQ(arrived.items, option.items);
  EXPECT_TRUE(got->emulated && got->synthetic && got->external && got->stages);
  EXPECT_EQ(got->unsupported, "not here");
  EXPECT_EQ(got->memory_alignment_bytes, 512U);
  EXPECT_EQ(got->own_time_ns, 600'000'000'000U);
  EXPECT_EQ(json::dump(to_json(*got)), json::dump(to_json(sent)));
}

TEST(Survey, ThatIsMalformedIsRefused) {
  for (const char* text :
       {"[]", "{}", R"({"objects":[1]})", R"({"objects":[["a"]]})", R"({"objects":[[1,2]]})"}) {
    const auto survey = survey_from_json(*json::parse(text, "the test"));
    ASSERT_FALSE(survey) << text;
    EXPECT_THAT(survey.error().message, HasSubstr("the worker's survey"));
  }
}

}  // namespace
}  // namespace coldload
