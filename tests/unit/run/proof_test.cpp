#include "core/run/proof.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/file.hpp"
#include "core/base/limits.hpp"
#include "core/run/hidden_cache.hpp"

namespace coldload {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

ProofInputs inputs(CacheState cache, std::optional<double> resident, std::optional<uint64_t> device_bytes) {
  ProofInputs in;
  in.cache = cache;
  in.before = {resident, resident ? "cachestat" : "none", resident ? "" : "not the owner"};
  in.after = in.before;
  in.device_bytes = device_bytes;
  in.model_bytes = 10'000;
  return in;
}

TEST(ProofOfCold, IsResidencyAndBytesUpTo1PercentResidentAndFrom98PercentRead) {
  const Proof proof = judge_proof(inputs(CacheState::cold, 0.01, 9'800));
  EXPECT_TRUE(proof.valid) << proof.reason;
  EXPECT_EQ(proof.kind, ProofKind::residency_and_bytes);
  EXPECT_EQ(proof.method, "cachestat");
  EXPECT_EQ(proof.device_ratio, 0.98);
  EXPECT_EQ(proof.reason, "");
}

TEST(ProofOfCold, FailsAbove1PercentResident) {
  const Proof proof = judge_proof(inputs(CacheState::cold, 0.0101, 10'000));
  EXPECT_FALSE(proof.valid);
  EXPECT_EQ(proof.kind, ProofKind::unprovable);
  EXPECT_EQ(proof.reason, "1.0 % of the bytes were still in the page cache when the clock started");
}

TEST(ProofOfCold, FailsBelow98PercentFromTheDevice) {
  for (const std::optional<double> resident : {std::optional<double>(0.0), std::optional<double>()}) {
    const Proof proof = judge_proof(inputs(CacheState::cold, resident, 9'799));
    EXPECT_FALSE(proof.valid);
    EXPECT_EQ(proof.reason, "only 98.0 % of the bytes came from the device");
  }
}

TEST(ProofOfCold, IsByBytesWhereResidencyCannotBeKnown) {
  const Proof proof = judge_proof(inputs(CacheState::cold, std::nullopt, 9'800));
  EXPECT_TRUE(proof.valid);
  EXPECT_EQ(proof.kind, ProofKind::bytes);
  EXPECT_EQ(proof.reason, "not the owner");
}

TEST(ProofOfCold, FailsWhereTheKernelCountsNoBytes) {
  const Proof proof = judge_proof(inputs(CacheState::cold, 0.0, std::nullopt));
  EXPECT_FALSE(proof.valid);
  EXPECT_THAT(proof.reason, HasSubstr("counts no device bytes"));
}

TEST(ProofOfCold, SaysWhoseBytesCannotBeSeen) {
  ProofInputs in = inputs(CacheState::cold, 0.0, std::nullopt);
  in.device_unknown = "what process 7 read cannot be seen: permission denied";
  EXPECT_EQ(judge_proof(in).reason, in.device_unknown);
}

TEST(ProofOfCold, OfAProgramTellsThatItsBytesAreOfAnyFile) {
  ProofInputs in = inputs(CacheState::cold, 0.0, 50'000);
  in.external = true;
  const Proof proof = judge_proof(in);
  EXPECT_TRUE(proof.valid) << proof.reason;
  EXPECT_EQ(proof.kind, ProofKind::residency_and_bytes);
  EXPECT_EQ(proof.device_ratio, 5.0);
  EXPECT_EQ(proof.caveat, "device bytes are of every file that the program read");
}

TEST(ProofOfCold, OfAProgramIsNeverByBytesAlone) {
  ProofInputs in = inputs(CacheState::cold, std::nullopt, 50'000);
  in.external = true;
  const Proof proof = judge_proof(in);
  EXPECT_FALSE(proof.valid);
  EXPECT_EQ(proof.kind, ProofKind::unprovable);
  EXPECT_EQ(
      proof.reason,
      "what of the model was cached cannot be known (not the owner), and device bytes of a program may be of "
      "other files");
}

TEST(ProofOfCold, OfAProgramThatLetsOthersReadFailsAndSaysSo) {
  ProofInputs in = inputs(CacheState::cold, 0.0, 100);
  in.external = true;
  const Proof proof = judge_proof(in);
  EXPECT_FALSE(proof.valid);
  EXPECT_EQ(proof.reason,
            "the program and what it started read only 1.0 % of the model's bytes from the device; what "
            "others read "
            "for it, as a container's daemon does, is not seen");
}

TEST(ProofOfCold, IsNoLocalCacheWhereNothingStaysHere) {
  ProofInputs in = inputs(CacheState::cold, std::nullopt, 0);
  in.no_local_cache = true;
  const Proof proof = judge_proof(in);
  EXPECT_TRUE(proof.valid);
  EXPECT_EQ(proof.kind, ProofKind::no_local_cache);
  EXPECT_EQ(proof.device_ratio, std::nullopt);
  EXPECT_EQ(proof.caveat, "what the other side caches is not proved");
}

TEST(ProofOfCold, IsUnprovableAboveACacheOfTheFileSystemsOwn) {
  ProofInputs in = inputs(CacheState::cold, 0.0, 10'000);
  in.hidden_cache = "ZFS keeps its own cache (ARC)";
  const Proof proof = judge_proof(in);
  EXPECT_FALSE(proof.valid);
  EXPECT_EQ(proof.kind, ProofKind::unprovable);
  EXPECT_EQ(proof.reason, "ZFS keeps its own cache (ARC)");
}

TEST(ProofOfCold, TellsWhatCouldNotBeLookedAt) {
  ProofInputs in = inputs(CacheState::cold, 0.0, 10'000);
  in.unseen_below = "the file system below the overlay cannot be seen from here";
  const Proof proof = judge_proof(in);
  EXPECT_TRUE(proof.valid) << proof.reason;
  EXPECT_EQ(proof.caveat, in.unseen_below);
}

TEST(ProofOfWarm, IsFrom99PercentResidentAndUpTo1PercentRead) {
  const Proof proof = judge_proof(inputs(CacheState::warm, 0.99, 100));
  EXPECT_TRUE(proof.valid) << proof.reason;
  EXPECT_EQ(proof.kind, ProofKind::warm);
  const Proof cool = judge_proof(inputs(CacheState::warm, 0.9899, 0));
  EXPECT_FALSE(cool.valid);
  EXPECT_EQ(cool.reason, "only 99.0 % of the bytes were in the page cache");
  const Proof read = judge_proof(inputs(CacheState::warm, 1.0, 101));
  EXPECT_FALSE(read.valid);
  EXPECT_EQ(read.reason, "1.0 % of the bytes came from the device");
}

TEST(ProofOfWarm, FailsWhereResidencyOrBytesCannotBeKnown) {
  const Proof unseen = judge_proof(inputs(CacheState::warm, std::nullopt, 0));
  EXPECT_FALSE(unseen.valid);
  EXPECT_EQ(unseen.reason, "not the owner");
  const Proof uncounted = judge_proof(inputs(CacheState::warm, 1.0, std::nullopt));
  EXPECT_FALSE(uncounted.valid);
  EXPECT_THAT(uncounted.reason, HasSubstr("counts no device bytes"));
}

TEST(Proof, OfCachesAsTheyAreClaimsNothing) {
  for (const CacheState cache : {CacheState::as_is, CacheState::first_start}) {
    const Proof proof = judge_proof(inputs(cache, 0.5, 5'000));
    EXPECT_TRUE(proof.valid);
    EXPECT_EQ(proof.kind, ProofKind::as_is);
    EXPECT_EQ(proof.resident_before, 0.5);
  }
}

class SilentHost final : public HostServices {
 public:
  void log(uint32_t, std::string_view) override {}
  void record(std::string_view, std::string_view, double) override {}
  void evidence(const coldload_evidence&) override {}
  void disturbed(std::string_view) override {}
  [[nodiscard]] bool cancelled() const override { return false; }
};

// Real files, opened by the plugin `local`.
class PageCache : public ::testing::Test {
 protected:
  static constexpr uint64_t kBytes = 4 * limits::kMiB + 77;

  void open_below(std::string pattern) {
    make_directory(std::move(pattern));
    write_in(directory_);
    open_in(directory_);
  }
  void make_directory(std::string pattern) {
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  static void write_in(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    std::ofstream(directory / "a.safetensors", std::ios::binary) << std::string(kBytes, 'a');
  }
  void mount_at(const std::filesystem::path& point, const std::string& source, const std::string& type,
                const std::string& options) {
    ASSERT_EQ(::mount(source.c_str(), point.c_str(), type.c_str(), 0, options.c_str()), 0)
        << type << ": " << std::strerror(errno) << "; this test needs root";
    mounts_.push_back(point);
  }
  // A file system in a file of a directory of ours, with a shard on it, at mount/.
  void mount_image() {
    make_directory(std::string(COLDLOAD_BINARY_DIR) + "/proof-XXXXXX");
    const auto image = directory_ / "image";
    const auto point = directory_ / "mount";
    std::filesystem::create_directories(point);
    std::ofstream(image).close();
    std::filesystem::resize_file(image, 32 * limits::kMiB);
    const std::string commands = "PATH=$PATH:/sbin:/usr/sbin; mkfs.ext4 -q '" + image.string() +
                                 "' && mount -o loop '" + image.string() + "' '" + point.string() + "'";
    ASSERT_EQ(std::system(commands.c_str()), 0) << "this test needs root and mkfs.ext4";
    mounts_.push_back(point);
    write_in(point);
  }
  void open_in(const std::filesystem::path& directory) {
    const Registry registry =
        Registry::load({std::filesystem::path(COLDLOAD_TEST_PLUGIN_DIR) / "coldload_local.so"});
    const ComponentSpec disk{"disk", "local", {{"root", {}, {directory.string(), {}}}}, {}};
    auto backend = Backend::create(registry, {disk}, "/", host_);
    ASSERT_TRUE(backend) << backend.error().message;
    backend_ = std::move(*backend);
    auto object = backend_->open("a.safetensors", 0);
    ASSERT_TRUE(object) << object.error().message;
    objects_.push_back(std::move(*object));
  }
  void TearDown() override {
    objects_.clear();
    backend_.reset();
    for (; !mounts_.empty(); mounts_.pop_back()) ::umount2(mounts_.back().c_str(), MNT_DETACH);
    std::error_code ignored;
    if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
  }

  SilentHost host_;
  std::filesystem::path directory_;
  std::vector<std::filesystem::path> mounts_;
  std::unique_ptr<Backend> backend_;
  Objects objects_;
};

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

TEST_F(PageCache, ProvesNothingOnAFileSystemThatIsMemory) {
  open_below("/dev/shm/coldload-proof-XXXXXX");
  EXPECT_EQ(look_below(objects_).hidden_cache, "the file system is memory: nothing on it can be cold");
}

TEST_F(PageCache, CanBeProvedAboutOnADisk) {
  open_below(std::string(COLDLOAD_BINARY_DIR) + "/proof-XXXXXX");
  EXPECT_EQ(look_below(objects_).hidden_cache, std::nullopt);
  EXPECT_EQ(look_below(objects_).unseen, "");
}

TEST_F(PageCache, IsNotOnlyThisMachinesAboveALoopDevice) {
  mount_image();
  open_in(directory_ / "mount");
  ASSERT_TRUE(evict_all(objects_));
  EXPECT_LE(measure_residency(objects_, ResidencyBy::best).share.value_or(1), 0.01);
  EXPECT_THAT(
      look_below(objects_).hidden_cache.value_or(""),
      AllOf(HasSubstr(" is a loop device over " + (directory_ / "image").string()), HasSubstr("page cache")));
}

class Overlay : public PageCache {
 protected:
  // Files lie in the lower layer, on `lower`.
  void overlay(const std::filesystem::path& lower) {
    for (const char* name : {"upper", "work", "merged"})
      std::filesystem::create_directories(directory_ / name);
    const std::string options = "lowerdir=" + lower.string() +
                                ",upperdir=" + (directory_ / "upper").string() +
                                ",workdir=" + (directory_ / "work").string();
    mount_at(directory_ / "merged", "overlay", "overlay", options);
    open_in(directory_ / "merged");
  }
};

// Writes a file's bytes over themselves.
void dirty_pages(const std::filesystem::path& path) {
  std::string bytes(std::filesystem::file_size(path), '\0');
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.seekp(0);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// cachestat() of an overlay's file looks at a mapping without pages.
TEST_F(Overlay, TellsThePagesOfTheLayerBelow) {
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
  EXPECT_EQ(look_below(objects_).hidden_cache, std::nullopt);
  EXPECT_EQ(look_below(objects_).unseen, "");
}

TEST_F(Overlay, IsHeldToTheFileSystemBelow) {
  mount_image();
  overlay(directory_ / "mount");
  EXPECT_THAT(look_below(objects_).hidden_cache.value_or(""), HasSubstr(" is a loop device over "));
}

TEST_F(Overlay, WhoseLayersAreOutOfSightSaysSo) {
  make_directory(std::string(COLDLOAD_BINARY_DIR) + "/proof-XXXXXX");
  write_in(directory_ / "lower");
  overlay(directory_ / "lower");
  std::filesystem::rename(directory_ / "lower", directory_ / "moved");
  EXPECT_EQ(look_below(objects_).hidden_cache, std::nullopt);
  EXPECT_EQ(look_below(objects_).unseen, "the file system below the overlay cannot be seen from here");
}

TEST(OverlayLayers, AreTheUpperOneAndThenTheLowerOnesInTheirOrder) {
  using Paths = std::vector<std::filesystem::path>;
  EXPECT_EQ(overlay_layers("rw,lowerdir=/l1:/l2,upperdir=/u,workdir=/w"), (Paths{"/u", "/l1", "/l2"}));
  EXPECT_EQ(overlay_layers("ro,lowerdir+=/a:b,lowerdir+=/c,redirect_dir=on"), (Paths{"/a:b", "/c"}));
  EXPECT_EQ(overlay_layers("ro,lowerdir=/a\\134:b:/with\\040blank"), (Paths{"/a:b", "/with blank"}));
  EXPECT_EQ(overlay_layers("rw,relatime"), Paths{});
}

// A tree like /sys: /sys/dev/block/MAJOR:MINOR leads to a disk's or a partition's directory.
class BlockDevices : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::string(COLDLOAD_BINARY_DIR) + "/sys-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    sys_ = pattern;
    std::filesystem::create_directories(by_number());
  }
  void TearDown() override { std::filesystem::remove_all(sys_); }

  [[nodiscard]] std::filesystem::path by_number() const { return sys_ / "dev" / "block"; }
  std::filesystem::path disk(const std::string& name, const std::string& number) {
    const auto path = sys_ / "devices" / name;
    std::filesystem::create_directories(path / "slaves");
    std::filesystem::create_symlink(path, by_number() / number);
    return path;
  }
  void partition(const std::filesystem::path& of, const std::string& name, const std::string& number) {
    std::filesystem::create_directories(of / name);
    std::ofstream(of / name / "partition") << "1\n";
    std::filesystem::create_symlink(of / name, by_number() / number);
  }
  static void stack(const std::filesystem::path& upper, const std::filesystem::path& lower) {
    std::filesystem::create_symlink(lower, upper / "slaves" / lower.filename());
  }
  [[nodiscard]] std::string below(const std::string& number) const {
    return memory_below(number, by_number()).value_or("none");
  }

  std::filesystem::path sys_;
};

TEST_F(BlockDevices, ThatAreDisksAreNoMemory) {
  partition(disk("nvme0n1", "259:0"), "nvme0n1p1", "259:1");
  disk("nbd0", "43:0");
  disk("ramses", "252:7");
  for (const char* number : {"259:0", "259:1", "43:0", "252:7", "9:9", ""}) EXPECT_EQ(below(number), "none");
}

TEST_F(BlockDevices, ThatAreMemoryAreNamed) {
  EXPECT_EQ((disk("ram0", "1:0"), below("1:0")), "ram0 is a RAM disk: nothing on it can be cold");
  EXPECT_EQ((disk("zram0", "252:0"), below("252:0")),
            "zram0 is compressed memory (zram): nothing on it can be cold");
  const auto loop = disk("loop3", "7:3");
  std::filesystem::create_directories(loop / "loop");
  std::ofstream(loop / "loop" / "backing_file") << "/images/models\n";
  partition(loop, "loop3p1", "259:9");
  const std::string expected =
      "loop3 is a loop device over /images/models: what is read from it may come from this machine's page "
      "cache";
  EXPECT_EQ(below("7:3"), expected);
  EXPECT_EQ(below("259:9"), expected);
}

TEST_F(BlockDevices, AreFollowedThroughMappersAndPartitions) {
  const auto mapper = disk("dm-1", "254:1");
  const auto array = disk("md0", "9:0");
  const auto real = disk("sda", "8:0");
  partition(real, "sda1", "8:1");
  stack(mapper, array);
  stack(array, real / "sda1");
  EXPECT_EQ(below("254:1"), "none");
  stack(array, disk("ram1", "1:1"));
  EXPECT_EQ(below("254:1"), "dm-1 lies on it: md0 lies on it: ram1 is a RAM disk: nothing on it can be cold");
}

TEST_F(BlockDevices, ThatAreStackedInACircleEnd) {
  const auto one = disk("dm-1", "254:1");
  const auto other = disk("dm-2", "254:2");
  stack(one, other);
  stack(other, one);
  EXPECT_THAT(below("254:1"), HasSubstr("is stacked on too many devices to see"));
}

}  // namespace
}  // namespace coldload
