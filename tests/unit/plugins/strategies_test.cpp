// Every strategy over files of awkward sizes and over null: each byte once, and the right one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coldload/ext/async_read.h"
#include "tests/support/plugin_harness.hpp"
#include "tests/unit/plugins/scratch.hpp"

namespace coldload::testing {
namespace {

using ::testing::HasSubstr;

struct Variant {
  const char* name;
  const char* strategy;
  OptionTexts options;

  friend void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }
};

// Small chunks, so that small files have many.
const std::vector<Variant> kVariants = {
    {"sequential", "sequential", {}},
    {"sequential_4k", "sequential", {{"chunk", "4 KiB"}}},
    {"sequential_whole_file", "sequential", {{"whole_file", "true"}}},
    {"sequential_direct", "sequential", {{"chunk", "64 KiB"}, {"direct", "true"}}},
    {"sequential_whole_file_direct", "sequential", {{"whole_file", "true"}, {"direct", "true"}}},
    {"parallel", "parallel", {{"chunk", "64 KiB"}}},
    {"parallel_4k_of_16", "parallel", {{"chunk", "4 KiB"}, {"threads", "16"}}},
    {"parallel_files", "parallel", {{"chunk", "64 KiB"}, {"split", "files"}, {"threads", "3"}}},
    {"parallel_direct", "parallel", {{"chunk", "128 KiB"}, {"direct", "true"}}},
    {"mmap", "mmap", {{"chunk", "64 KiB"}}},
    {"mmap_sequential", "mmap", {{"chunk", "64 KiB"}, {"advice", "sequential"}}},
    {"mmap_random_by_name", "mmap", {{"chunk", "4 KiB"}, {"advice", "random"}, {"order", "name"}}},
    {"mmap_willneed_threads", "mmap", {{"chunk", "64 KiB"}, {"advice", "willneed"}, {"threads", "4"}}},
    {"mmap_populate_by_name", "mmap", {{"chunk", "64 KiB"}, {"advice", "populate_read"}, {"order", "name"}}},
    {"mmap_prefetch",
     "mmap",
     {{"chunk", "64 KiB"}, {"prefetch_threads", "3"}, {"prefetch_block", "128 KiB"}, {"threads", "2"}}},
    {"mmap_prefetch_by_name",
     "mmap",
     {{"chunk", "64 KiB"}, {"prefetch_threads", "2"}, {"prefetch_block", "4 KiB"}, {"order", "name"}}},
    {"io_uring", "io_uring", {{"chunk", "64 KiB"}}},
    {"io_uring_4k_depth_1", "io_uring", {{"chunk", "4 KiB"}, {"depth", "1"}}},
    {"io_uring_direct", "io_uring", {{"chunk", "64 KiB"}, {"direct", "true"}}},
    {"io_uring_rings", "io_uring", {{"chunk", "16 KiB"}, {"rings", "3"}, {"depth", "4"}}},
    {"io_uring_registered",
     "io_uring",
     {{"chunk", "64 KiB"}, {"depth", "8"}, {"registered_buffers", "true"}, {"fixed_files", "true"}}},
    {"io_uring_registered_direct_rings",
     "io_uring",
     {{"chunk", "64 KiB"},
      {"depth", "8"},
      {"rings", "2"},
      {"direct", "true"},
      {"registered_buffers", "true"},
      {"fixed_files", "true"}}},
    {"io_uring_sqpoll", "io_uring", {{"chunk", "64 KiB"}, {"sqpoll", "true"}}},
};

void expect_whole(Load& load, const Outcome& outcome) {
  EXPECT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  EXPECT_EQ(load.complaint(), "");
  EXPECT_EQ(load.coverage(), "");
  EXPECT_EQ(load.buffers_held(), 0u);
}

class Strategies : public ::testing::TestWithParam<Variant> {
 protected:
  void load_files(const std::vector<uint64_t>& sizes) {
    Scratch scratch;
    std::vector<Expected> files;
    files.reserve(sizes.size());
    for (const uint64_t size : sizes) {
      files.push_back(scratch.file("m/f" + std::to_string(files.size()) + ".safetensors", size));
    }
    const Component backend(host_, "local", {{"root", scratch.path()}});
    const Component strategy(host_, GetParam().strategy, GetParam().options);
    ASSERT_EQ(strategy.outcome().status, COLDLOAD_OK) << strategy.outcome().message;
    Load load(host_, backend, strategy, files);
    expect_whole(load, load.run());
    const auto direct = GetParam().options.find("direct");
    if (direct != GetParam().options.end()) {
      EXPECT_EQ(host_.evidence("direct"), direct->second);
    }
  }

  RecordingHost host_;
};

TEST_P(Strategies, LoadAnEmptyFile) {
  load_files({0});
}
TEST_P(Strategies, LoadAFileOfOneByte) {
  load_files({1});
}
TEST_P(Strategies, LoadOneByteLessThanAPage) {
  load_files({4095});
}
TEST_P(Strategies, LoadAPage) {
  load_files({4096});
}
TEST_P(Strategies, LoadOneByteMoreThanAPage) {
  load_files({4097});
}
TEST_P(Strategies, LoadAnOddTail) {
  load_files({(1u << 20) + 13});
}
TEST_P(Strategies, LoadUnequalFilesTogether) {
  load_files({1, (1u << 20) + 13, 0, 65536, 4095, 300001, 0, 131072 + 512, 4097});
}

INSTANTIATE_TEST_SUITE_P(Variants, Strategies, ::testing::ValuesIn(kVariants),
                         [](const auto& variant) { return std::string(variant.param.name); });

const std::vector<Variant> kNullVariants = {
    {"sequential", "sequential", {{"chunk", "64 KiB"}}},
    {"sequential_in_flight", "sequential", {{"chunk", "4 KiB"}, {"in_flight", "7"}}},
    {"sequential_whole_in_flight", "sequential", {{"whole_file", "true"}, {"in_flight", "2"}}},
    {"parallel", "parallel", {{"chunk", "4 KiB"}, {"threads", "8"}}},
    {"parallel_in_flight", "parallel", {{"chunk", "4 KiB"}, {"threads", "3"}, {"in_flight", "64"}}},
    {"parallel_files_in_flight",
     "parallel",
     {{"chunk", "4 KiB"}, {"threads", "2"}, {"in_flight", "5"}, {"split", "files"}}},
};

class OverNull : public ::testing::TestWithParam<Variant> {};

TEST_P(OverNull, LoadEveryByteOnce) {
  for (const char* size : {"1 B", "4095 B", "4096 B", "1000013 B"}) {
    for (const char* latency : {"0 ns", "20 us"}) {
      RecordingHost host;
      const Component backend(host, "null", {{"objects", "3"}, {"size", size}, {"latency", latency}});
      const Component strategy(host, GetParam().strategy, GetParam().options);
      const uint64_t bytes = std::stoull(size);
      Load load(host, backend, strategy,
                {{"m/null-00001-of-00003.safetensors", bytes, nullptr},
                 {"m/null-00002-of-00003.safetensors", bytes, nullptr},
                 {"m/null-00003-of-00003.safetensors", bytes, nullptr}});
      expect_whole(load, load.run());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, OverNull, ::testing::ValuesIn(kNullVariants),
                         [](const auto& variant) { return std::string(variant.param.name); });

TEST(Strategy, RefusesAChunkThatIsNoMultipleOf4KiB) {
  RecordingHost host;
  for (const char* strategy : {"sequential", "parallel", "mmap", "io_uring"}) {
    const Component component(host, strategy, {{"chunk", "5000 B"}});
    EXPECT_EQ(component.outcome().status, COLDLOAD_INVALID_OPTION) << strategy;
    EXPECT_THAT(component.outcome().message, HasSubstr("chunk is 5000 bytes: expected a multiple of 4 KiB"));
  }
}

TEST(Strategy, AsksForNoMoreMemoryThanTheLargestObjectNeeds) {
  RecordingHost host;
  Scratch scratch;
  const Component backend(host, "local", {{"root", scratch.path()}});
  const Component strategy(host, "sequential", {{"chunk", "256 MiB"}});
  Load load(host, backend, strategy, {scratch.file("a", 5000)});
  EXPECT_EQ(load.run().status, COLDLOAD_OK);
  EXPECT_EQ(load.requirements().buffer_bytes, 8192u);
}

TEST(Strategy, NeedsAsyncReadForReadsInFlight_WhichLocalLacks) {
  RecordingHost host;
  Scratch scratch;
  const Component backend(host, "local", {{"root", scratch.path()}});
  for (const char* name : {"sequential", "parallel"}) {
    const Component strategy(host, name, {{"in_flight", "2"}});
    Load load(host, backend, strategy, {scratch.file("a", 5000)});
    const Outcome outcome = load.run();
    EXPECT_EQ(outcome.status, COLDLOAD_UNSUPPORTED);
    EXPECT_EQ(outcome.message, COLDLOAD_EXT_ASYNC_READ) << name;
  }
}

TEST(Strategy, CannotMapNull) {
  RecordingHost host;
  const Component backend(host, "null", {});
  const Component strategy(host, "mmap", {});
  Load load(host, backend, strategy, {{"null-00001-of-00001.safetensors", 1u << 30, nullptr}});
  EXPECT_EQ(load.run().message, "capability missing");
}

TEST(Strategy, LeavesEvidenceOfWhatItDid) {
  RecordingHost host;
  Scratch scratch;
  const Component backend(host, "local", {{"root", scratch.path()}});
  const std::vector<Expected> files = {scratch.file("a", 100'000), scratch.file("b", 5000)};
  const auto run = [&](const char* name, const OptionTexts& options) {
    const Component strategy(host, name, options);
    Load load(host, backend, strategy, files);
    expect_whole(load, load.run());
  };
  run("parallel", {{"threads", "8"}, {"split", "files"}});
  EXPECT_EQ(host.evidence("threads"), "2") << "two files are work for two threads";
  EXPECT_EQ(host.evidence("direct"), "false");
  run("sequential", {{"chunk", "4 KiB"}});
  EXPECT_EQ(host.evidence("reads"), "27");
  run("mmap", {{"mapped", "touch"}, {"order", "name"}});
  EXPECT_EQ(host.evidence("mapped"), "touch");
  EXPECT_EQ(host.evidence("order"), "name");
  EXPECT_EQ(host.evidence("pages_mapped"), "27");
  run("io_uring", {{"registered_buffers", "true"}, {"chunk", "8 KiB"}, {"depth", "2"}});
  EXPECT_EQ(host.evidence("registered_buffers"), "true");
  EXPECT_EQ(host.evidence("registered_reads"), "14");
  EXPECT_EQ(host.evidence("fixed_files"), "false");
  EXPECT_THAT(host.evidence("ring_flags"), HasSubstr("SINGLE_ISSUER"));
}

TEST(Strategy, MmapPrefetchReadsNothingThatIsAlreadyBehind_AndEverythingAtMostOnce) {
  RecordingHost host;
  Scratch scratch;
  const Component backend(host, "local", {{"root", scratch.path()}});
  const Component strategy(host, "mmap", {{"prefetch_threads", "4"}, {"prefetch_block", "64 KiB"}});
  Load load(host, backend, strategy, {scratch.file("a", 3'000'001)});
  expect_whole(load, load.run());
  EXPECT_LE(std::stoull(host.evidence("prefetch_bytes")), 3'000'001u);
}

}  // namespace
}  // namespace coldload::testing
