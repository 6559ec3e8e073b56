#include "core/model/generator.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numeric>
#include <set>

#include "core/model/content.hpp"
#include "core/model/directory.hpp"
#include "core/model/generated_files.hpp"
#include "tests/unit/model/shard_file.hpp"
#include "tests/unit/model/temporary_directory.hpp"

namespace coldload {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string read_whole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// An architecture is megabytes at the least; one layer of the smallest is 302 MB, so tests that write do that
// one.
GenerateOptions smallest(const fs::path& directory) {
  return {.directory = directory, .like = "qwen2.5-0.5b", .scale = 0.01};
}

struct Published {
  std::string id;
  uint64_t tensors;
  uint64_t parameters;
  std::vector<uint64_t> shard_bytes;  // where they are published and known; empty otherwise
  size_t shards;
};

class PublishedModel : public ::testing::TestWithParam<Published> {};

TEST_P(PublishedModel, HasItsTensors_Parameters_AndShards) {
  const Published& published = GetParam();
  const auto report = model_size({.like = published.id});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->tensor_count, published.tensors);
  EXPECT_EQ(report->tensor_bytes, published.parameters * 2);
  EXPECT_EQ(report->shard_count, published.shards);
  for (size_t i = 0; i < published.shard_bytes.size(); ++i) {
    EXPECT_EQ(report->objects[i].size_bytes, published.shard_bytes[i]) << report->objects[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PublishedModel,
    ::testing::Values(Published{"qwen2.5-0.5b", 290, 494'032'768, {988'097'824}, 1},
                      Published{"qwen2.5-7b", 339, 7'615'616'512, {}, 4},
                      Published{"llama-3.1-8b",
                                291,
                                8'030'261'248,
                                {4'976'698'672, 4'999'802'720, 4'915'916'176, 1'168'138'808},
                                4},
                      Published{"llama-3.1-70b", 723, 70'553'706'496, {4'584'408'808}, 30},
                      Published{"qwen3-30b-a3b", 18'867, 30'532'122'624, {}, 16}));

TEST(ModelSize, OfALlamaScaledToATenth_HasSeveralUnequalShards) {
  const auto report = model_size({.like = "llama-3.1-8b", .scale = 0.1});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->layers, 3U);
  EXPECT_EQ(report->tensor_count, 3 + 9 * 3U);
  EXPECT_GE(report->shard_count, 3U);
  std::set<uint64_t> sizes;
  for (size_t i = 0; i < report->shard_count; ++i) sizes.insert(report->objects[i].size_bytes);
  EXPECT_EQ(sizes.size(), report->shard_count);
}

TEST(ModelSize, KeepsAtLeastOneLayer) {
  EXPECT_EQ(model_size({.like = "llama-3.1-8b", .scale = 1e-9})->layers, 1U);
}

TEST(ModelSize, RefusesScalesOutOfRange_AndUnknownModels) {
  for (const double scale : {0.0, -1.0, 1.01, static_cast<double>(NAN)}) {
    EXPECT_THAT(model_size({.like = "llama-3.1-8b", .scale = scale}).error().message,
                HasSubstr("out of range: above 0, at most 1"));
  }
  EXPECT_THAT(model_size({.like = "llama-3.1-8"}).error().message,
              HasSubstr("did you mean \"llama-3.1-8b\""));
}

TEST(Architecture, NamesTensorsAsPublished) {
  const auto names = [](std::string_view id) {
    std::vector<std::string> all;
    for (const auto& tensor : tensors_of(*find_architecture(id), 1)) all.push_back(tensor.name);
    return all;
  };
  EXPECT_THAT(names("qwen2.5-0.5b"),
              ElementsAre("model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight",
                          "model.layers.0.self_attn.q_proj.bias", "model.layers.0.self_attn.k_proj.weight",
                          "model.layers.0.self_attn.k_proj.bias", "model.layers.0.self_attn.v_proj.weight",
                          "model.layers.0.self_attn.v_proj.bias", "model.layers.0.self_attn.o_proj.weight",
                          "model.layers.0.mlp.gate_proj.weight", "model.layers.0.mlp.up_proj.weight",
                          "model.layers.0.mlp.down_proj.weight", "model.layers.0.input_layernorm.weight",
                          "model.layers.0.post_attention_layernorm.weight", "model.norm.weight"));
  const auto experts = names("qwen3-30b-a3b");
  EXPECT_EQ(experts[5], "model.layers.0.self_attn.q_norm.weight");
  EXPECT_EQ(experts[7], "model.layers.0.mlp.gate.weight");
  EXPECT_EQ(experts[8 + 3 * 127 + 2], "model.layers.0.mlp.experts.127.down_proj.weight");
  EXPECT_EQ(experts.back(), "lm_head.weight");
}

TEST(Layout, ReferenceSortsByNameInAShard_DefinitionDoesNot) {
  const auto tensors = tensors_of(*find_architecture("llama-3.1-8b"), 1);
  const auto reference = lay_out(tensors, UINT64_MAX, Layout::reference);
  const auto definition = lay_out(tensors, UINT64_MAX, Layout::definition);
  ASSERT_EQ(reference.size(), 1U);
  EXPECT_TRUE(std::is_sorted(reference[0].tensors.begin(), reference[0].tensors.end()));
  EXPECT_EQ(definition[0].tensors.front(), "model.embed_tokens.weight");
  EXPECT_EQ(definition[0].tensors.back(), "lm_head.weight");
  EXPECT_EQ(reference[0].name, "model.safetensors");
}

TEST(Layout, ReferenceSortsWiderDtypesFirst) {
  const std::vector<TensorShape> tensors = {{"a", {1}, Dtype::bf16, 2},
                                            {"b", {1}, Dtype::f32, 4},
                                            {"c", {1}, Dtype::i64, 8},
                                            {"d", {1}, Dtype::f32, 4}};
  EXPECT_THAT(lay_out(tensors, UINT64_MAX, Layout::reference)[0].tensors, ElementsAre("c", "b", "d", "a"));
}

TEST(Layout, CutsBeforeTheTensorThatNoLongerFits_AndGivesALargerOneItsOwnShard) {
  const std::vector<TensorShape> tensors = {{"a", {2}, Dtype::u8, 2},
                                            {"b", {3}, Dtype::u8, 3},
                                            {"c", {1}, Dtype::u8, 1},
                                            {"d", {9}, Dtype::u8, 9},
                                            {"e", {1}, Dtype::u8, 1}};
  const auto shards = lay_out(tensors, 5, Layout::definition);
  ASSERT_EQ(shards.size(), 4U);
  EXPECT_THAT(shards[0].tensors, ElementsAre("a", "b"));
  EXPECT_THAT(shards[1].tensors, ElementsAre("c"));
  EXPECT_THAT(shards[2].tensors, ElementsAre("d"));
  EXPECT_EQ(shards[3].name, "model-00004-of-00004.safetensors");
  EXPECT_EQ(shards[0].header.size() % 8, 0U);
}

TEST(Content, IsAFunctionOfOffset_HoweverItIsCut) {
  const Content content(7, "model.safetensors");
  std::vector<std::byte> whole(1000);
  content.fill(13, whole);
  for (const size_t piece : {1U, 3U, 7U, 8U, 9U, 64U}) {
    std::vector<std::byte> pieces(whole.size());
    for (size_t offset = 0; offset < pieces.size(); offset += piece) {
      content.fill(13 + offset, std::span(pieces).subspan(offset, std::min(piece, pieces.size() - offset)));
    }
    EXPECT_EQ(pieces, whole) << piece;
  }
}

TEST(Content, DiffersByObjectAndSeed_AndStaysTheSameAcrossVersions) {
  const auto first_bytes = [](uint64_t seed, std::string_view object) {
    std::vector<std::byte> bytes(64);
    Content(seed, object).fill(0, bytes);
    return bytes;
  };
  EXPECT_NE(first_bytes(1, "a"), first_bytes(2, "a"));
  EXPECT_NE(first_bytes(1, "a"), first_bytes(1, "b"));
  // Published digests rest on these bytes: changing them is a change of format.
  EXPECT_EQ(digest_of(first_bytes(1, "a")).hex(), "a89b1b71abcb39447359c22a56978520");
}

TEST(Content, DoesNotCompress_EveryByteValueIsAsFrequentAsAnother) {
  std::vector<std::byte> bytes(1 << 20);
  Content(3, "x").fill(0, bytes);
  std::array<double, 256> counts{};
  for (const auto byte : bytes) ++counts[std::to_integer<size_t>(byte)];
  double chi_squared = 0;
  for (const double count : counts) chi_squared += (count - 4096) * (count - 4096) / 4096;
  EXPECT_LT(chi_squared, 400);  // 255 degrees of freedom: beyond this one in 10^8
}

TEST(GeneratedModel, IsConsistent_AndHasTheDigestsItReports) {
  const TemporaryDirectory directory;
  auto options = smallest(directory.path() / "m");
  options.digests = true;
  options.threads = 3;
  uint64_t last = 0;
  bool grows = true;
  const auto report = generate_model(options, [&](uint64_t done, uint64_t) {
    grows = grows && done >= last;
    last = done;
  });
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(grows);
  EXPECT_EQ(last, report->total_bytes);
  const auto inspection = inspect_directory(options.directory);
  ASSERT_TRUE(inspection);
  EXPECT_THAT(inspection->inconsistencies, IsEmpty());
  EXPECT_EQ(header_of(inspection->shards.at(0)).metadata.at("format"), "pt");
  for (const GeneratedObject& object : report->objects) {
    const std::string content = read_whole(options.directory / object.name);
    EXPECT_EQ(content.size(), object.size_bytes);
    EXPECT_EQ(object.digest, std::optional(digest_of(std::as_bytes(std::span(content))))) << object.name;
  }
  EXPECT_EQ(names_in(options.directory).size(), report->objects.size());
}

TEST(GeneratedModel, InSparseShards_HasHeadersAndIndexAndTakesNoSpace) {
  const TemporaryDirectory directory;
  const GenerateOptions options{.directory = directory.path() / "m", .like = "llama-3.1-70b", .sparse = true};
  const auto report = generate_model(options);
  ASSERT_TRUE(report) << report.error().message;
  const auto inspection = inspect_directory(options.directory);
  ASSERT_TRUE(inspection);
  EXPECT_THAT(inspection->inconsistencies, IsEmpty());
  EXPECT_EQ(inspection->shards.size(), 30U);
  const auto& index = inspection->index;
  const uint64_t total_size = index ? index->total_size.value_or(0) : 0;
  EXPECT_EQ(total_size, 141'107'412'992U);
  struct stat about{};
  ASSERT_EQ(::stat((options.directory / inspection->shards[0].name).c_str(), &about), 0);
  EXPECT_LT(about.st_blocks * 512, 1'000'000);
}

TEST(GeneratedModel, InDefinitionLayout_IsConsistentToo) {
  const TemporaryDirectory directory;
  const GenerateOptions options{.directory = directory.path() / "m",
                                .like = "qwen3-30b-a3b",
                                .layout = Layout::definition,
                                .sparse = true};
  ASSERT_TRUE(generate_model(options));
  const auto inspection = inspect_directory(options.directory);
  ASSERT_TRUE(inspection);
  EXPECT_THAT(inspection->inconsistencies, IsEmpty());
  EXPECT_EQ(header_of(inspection->shards.at(0)).tensors[1].name, "model.layers.0.self_attn.q_proj.weight");
}

TEST(GeneratedModel, LeavesNothingWhenItIsCancelled_NotEvenTheDirectory) {
  const TemporaryDirectory directory;
  const auto options = smallest(directory.path() / "m");
  std::atomic<int> asked{0};
  const auto report = generate_model(options, {}, [&] { return ++asked > 3; });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().status, Status::cancelled);
  EXPECT_FALSE(fs::exists(options.directory));
}

TEST(GeneratedModel, KeepsAnEmptyDirectoryItWasGiven_WhenItIsCancelled) {
  const TemporaryDirectory directory;
  ASSERT_FALSE(generate_model(smallest(directory.path()), {}, [] { return true; }));
  EXPECT_THAT(names_in(directory.path()), IsEmpty());
}

TEST(GeneratedModel, RefusesADirectoryThatHoldsSomething_AndTouchesNothing) {
  const TemporaryDirectory directory;
  directory.write("precious", "x");
  const auto report = generate_model(smallest(directory.path()));
  EXPECT_EQ(report.error().status, Status::invalid_option);
  EXPECT_THAT(report.error().message,
              HasSubstr("holds \"precious\": name a directory that is absent or empty"));
  EXPECT_THAT(names_in(directory.path()), ElementsAre("precious"));
}

TEST(GeneratedModel, IsRefusedBeforeAnythingIsWritten_WhenTheSpaceIsTooSmall) {
  const TemporaryDirectory directory;
  const auto files = detail::GeneratedFiles::create(directory.path() / "m", UINT64_MAX);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().os_error, ENOSPC);
  EXPECT_THAT(files.error().message, HasSubstr("free: make room, or use a smaller scale"));
  EXPECT_FALSE(fs::exists(directory.path() / "m"));
}

TEST(GeneratedModel, KeepsAFileThatAppearsUnderAShardsNameMeanwhile) {
  const TemporaryDirectory directory;
  {
    auto files = detail::GeneratedFiles::create(directory.path(), 0);
    ASSERT_TRUE(files);
    ASSERT_TRUE(files->add("a", 3, false));
    directory.write("a", "precious");
    EXPECT_THAT(files->publish().error().message, HasSubstr("rename: File exists"));
  }
  EXPECT_THAT(names_in(directory.path()), ElementsAre("a"));
  EXPECT_EQ(read_whole(directory.path() / "a"), "precious");
}

TEST(GeneratedModel, RefusesAParentThatIsMissing) {
  const TemporaryDirectory directory;
  const fs::path parent = directory.path() / "no";
  const auto made = generate_model(smallest(parent / "m"));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().status, Status::not_found);
  EXPECT_EQ(made.error().message,
            fmt::format("{}/m: {} is missing: make that directory first", parent.string(), parent.string()));
}

TEST(GeneratedModel, IsRecognisedByItsOptions) {
  const TemporaryDirectory directory;
  GenerateOptions options{
      .directory = directory.path() / "m", .like = "llama-3.1-8b", .scale = 0.1, .sparse = true};
  EXPECT_FALSE(is_generated(options));
  ASSERT_TRUE(generate_model(options));
  EXPECT_TRUE(is_generated(options));
  options.seed = 2;
  EXPECT_FALSE(is_generated(options));
  options.seed = 1;
  fs::resize_file(options.directory / "model-00001-of-00004.safetensors", 100);
  EXPECT_FALSE(is_generated(options));
}

TEST(GeneratedModel, IsKnownByTheNamesOfItsFiles) {
  const TemporaryDirectory directory;
  const auto report = generate_model(
      {.directory = directory.path() / "m", .like = "llama-3.1-8b", .scale = 0.1, .sparse = true});
  ASSERT_TRUE(report);
  for (const GeneratedObject& object : report->objects) {
    EXPECT_TRUE(is_generated_name(object.name)) << object.name;
    EXPECT_TRUE(is_generated_name("." + object.name + ".partial")) << object.name;
  }
  EXPECT_TRUE(is_generated_name("model.safetensors"));
  for (const char* other :
       {"", ".partial", "model", "models.safetensors", "model-1-of-2.safetensors", "model-.safetensors",
        "model-00001-of-.safetensors", "model--of-00002.safetensors", "model-00001-of-00002x.safetensors",
        "weights.safetensors", "Config.json", ".config.json"}) {
    EXPECT_FALSE(is_generated_name(other)) << other;
  }
}

}  // namespace
}  // namespace coldload
