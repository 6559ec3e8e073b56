// The page cache as the kernel tells of it: residency, eviction and warming of real files.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "core/base/file.hpp"
#include "core/run/proof.hpp"
#include "tests/unit/run/cached_files.hpp"

namespace coldload {
namespace {

using PageCache = CachedFiles;
using PageCacheOfAnOverlay = OverlaidFiles;

TEST_F(PageCache, HoldsAFileJustWrittenAndNothingOfItOnceEvicted) {
  open_below(std::string(COLDLOAD_BINARY_DIR) + "/proof-XXXXXX");
  for (const auto& [by, method] :
       {std::pair{ResidencyBy::best, "cachestat"}, std::pair{ResidencyBy::mincore, "mincore"}}) {
    // Dirty again, so that evicting has to write first.
    std::ofstream(directory_ / "a.safetensors", std::ios::binary | std::ios::in) << std::string(kBytes, 'b');
    const auto dirty = measure_residency(objects_, by);
    ASSERT_TRUE(dirty.share) << dirty.why_unknown;
    EXPECT_GE(*dirty.share, 0.99);
    // Kernels before 6.5 have no cachestat.
    EXPECT_THAT(dirty.method, ::testing::AnyOf(method, "mincore"));
    const auto evicted = evict_all(objects_);
    ASSERT_TRUE(evicted) << evicted.error().message;
    EXPECT_LE(measure_residency(objects_, by).share.value_or(1), 0.01);
    Pacer pacer({}, [] { return false; });
    const auto warmed = warm_all(objects_, pacer);
    ASSERT_TRUE(warmed) << warmed.error().message;
    EXPECT_GE(measure_residency(objects_, by).share.value_or(0), 0.99);
  }
  // Nothing of what was dirty is lost.
  std::string byte(1, '\0');
  ASSERT_TRUE(objects_[0]->read_at(kBytes - 1, byte.data(), 1));
  EXPECT_EQ(byte, "b");
}

TEST_F(PageCache, IsNotWarmedOnceTheRunStops) {
  open_below(std::string(COLDLOAD_BINARY_DIR) + "/proof-XXXXXX");
  Pacer pacer({}, [] { return true; });
  const auto warmed = warm_all(objects_, pacer);
  ASSERT_FALSE(warmed);
  EXPECT_EQ(warmed.error().status, Status::cancelled);
}

TEST_F(PageCache, IsWarmedNoFasterThanThePacerAllows) {
  open_below(std::string(COLDLOAD_BINARY_DIR) + "/proof-XXXXXX");
  const uint64_t began_ns = now_ns();
  Pacer pacer(20 * limits::kMiB, [] { return false; });
  ASSERT_TRUE(warm_all(objects_, pacer));
  // Of 4 MiB and a rest, four MiB come before the last read.
  EXPECT_GE(now_ns() - began_ns, 200'000'000U);
}

// Writes a file's bytes over themselves.
void dirty_pages(const std::filesystem::path& path) {
  std::string bytes(std::filesystem::file_size(path), '\0');
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.seekp(0);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// cachestat() of an overlay's file looks at a mapping without pages.
TEST_F(PageCacheOfAnOverlay, TellsThePagesOfTheLayerBelow) {
  make_directory(std::string(COLDLOAD_BINARY_DIR) + "/proof-XXXXXX");
  write_in(directory_ / "lower");
  overlay(directory_ / "lower");
  // fdatasync() of an overlay's file does not write a lower layer's dirty pages: they stay, and are told,
  // unless somebody syncs the whole disk meanwhile.
  double dirty = 0;
  for (int i = 0; i < 20 && dirty < 0.99; ++i) {
    dirty_pages(directory_ / "lower" / "a.safetensors");
    ASSERT_TRUE(evict_all(objects_));
    dirty = measure_residency(objects_, ResidencyBy::best).share.value_or(0);
  }
  EXPECT_GE(dirty, 0.99);
  const Descriptor written(::open((directory_ / "lower" / "a.safetensors").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::fsync(written.get()), 0);
  const auto cached = measure_residency(objects_, ResidencyBy::best);
  EXPECT_EQ(cached.method, "mincore");
  EXPECT_GE(cached.share.value_or(0), 0.99) << cached.why_unknown;
  ASSERT_TRUE(evict_all(objects_));
  EXPECT_LE(measure_residency(objects_, ResidencyBy::best).share.value_or(1), 0.01);
  Pacer pacer({}, [] { return false; });
  ASSERT_TRUE(warm_all(objects_, pacer));
  EXPECT_GE(measure_residency(objects_, ResidencyBy::best).share.value_or(0), 0.99);
}

}  // namespace
}  // namespace coldload
