// The built plugin, from one real directory to another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <tuple>

#include "coldload/ext/digest.h"
#include "coldload/ext/prepare.h"
#include "core/model/digest.hpp"
#include "core/run/digest_extension.hpp"
#include "tests/support/plugin_harness.hpp"
#include "tests/unit/plugins/scratch.hpp"

namespace coldload::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Fact {
  uint64_t inode;
  int64_t changed_ns;
  std::string bytes;
  bool operator==(const Fact&) const = default;
};

// Every file below a directory, as its owner would compare them.
std::map<std::string, Fact> facts_of(const std::string& directory) {
  std::map<std::string, Fact> facts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_directory()) {
      facts[entry.path().string()] = {};
      continue;
    }
    struct stat status = {};
    EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0);
    std::ifstream file(entry.path(), std::ios::binary);
    facts[entry.path().string()] = {status.st_ino,
                                    status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                                    {std::istreambuf_iterator<char>(file), {}}};
  }
  return facts;
}

class Staged : public ::testing::Test {
 protected:
  Staged() { host_.extensions[COLDLOAD_HOST_EXT_DIGEST] = &digest_extension(); }

  void SetUp() override {
    files_ = {from_.file("m/a.safetensors", 3'000'001), from_.file("m/config.json", 17),
              from_.file("m/empty", 0), from_.file("m/sub/deep/b.safetensors", 2'097'152)};
    to_.file("theirs/model.safetensors", 100'000);
  }

  [[nodiscard]] static const coldload_prepare_ops& preparing(const Component& staged) {
    return *static_cast<const coldload_prepare_ops*>(
        staged.backend_ops().get_extension(staged.self(), COLDLOAD_EXT_PREPARE));
  }
  static Outcome prepare(const Component& staged,
                         const std::function<void(uint64_t, uint64_t)>& progress = {}) {
    return call([&](coldload_error* error) {
      return preparing(staged).prepare(
          staged.self(), "m",
          [](void* context, uint64_t done, uint64_t total) {
            const auto& told = *static_cast<const std::function<void(uint64_t, uint64_t)>*>(context);
            if (told) told(done, total);
          },
          const_cast<std::function<void(uint64_t, uint64_t)>*>(&progress), error);
    });
  }
  static Outcome verify(const Component& staged) {
    return call([&](coldload_error* error) {
      return preparing(staged).verify(staged.self(), "m", [](void*, uint64_t, uint64_t) {}, nullptr, error);
    });
  }
  static Outcome discard(const Component& staged) {
    return call([&](coldload_error* error) { return preparing(staged).discard(staged.self(), "m", error); });
  }
  // Other bytes in the same size, with the time of modification that it had: as a failing disk does it.
  static void overwrite(const std::string& path) {
    const auto modified = std::filesystem::last_write_time(path);
    {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(1'000'000);
      file.put('!').put('?');
    }
    std::filesystem::last_write_time(path, modified);
  }
  static bool is_prepared(const Component& staged) {
    uint32_t prepared = 7;
    const Outcome outcome = call([&](coldload_error* error) {
      return preparing(staged).is_prepared(staged.self(), "m", &prepared, error);
    });
    EXPECT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
    return prepared == 1;
  }
  [[nodiscard]] std::string copy_path() const { return to_.path() + "/.coldload-staged/under-test/m"; }

  RecordingHost host_;
  Scratch from_;
  Scratch to_;
  std::vector<Expected> files_;
  const Component source_{host_, "local", {{"root", from_.path()}}};
  const Component target_{host_, "local", {{"root", to_.path()}}};
  const OptionTexts options_ = {{"chunk", "64 KiB"}, {"reserve", "0 B"}};
  const OptionBackends backends_ = {{"source", &source_}, {"target", &target_}};
};

TEST_F(Staged, CopiesEveryFileWithItsDigest_AndTouchesNothingElse) {
  const auto theirs = facts_of(to_.path());
  const auto sources = facts_of(from_.path());
  const Component staged(host_, "staged", options_, backends_);
  ASSERT_EQ(staged.outcome().status, COLDLOAD_OK) << staged.outcome().message;
  EXPECT_FALSE(is_prepared(staged));
  std::atomic<uint64_t> last_total = 0;
  std::atomic<uint64_t> most_done = 0;
  const Outcome outcome = prepare(staged, [&](uint64_t done, uint64_t total) {
    last_total = total;
    uint64_t before = most_done;
    while (done > before && !most_done.compare_exchange_weak(before, done)) {
    }
  });
  ASSERT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  EXPECT_EQ(last_total, 3'000'001U + 17 + 2'097'152);
  EXPECT_EQ(most_done, last_total);
  EXPECT_TRUE(is_prepared(staged));
  const auto copied = facts_of(copy_path());
  const std::string manifest = copied.at(copy_path() + "/.coldload-manifest").bytes;
  for (const Expected& file : files_) {
    const std::string name = file.key.substr(2);
    EXPECT_EQ(copied.at(copy_path() + "/" + name).bytes, *file.bytes) << name;
    const std::string digest = digest_of(std::as_bytes(std::span(*file.bytes))).hex();
    std::string line = "file ";
    line.append(digest).append(" ").append(std::to_string(file.size_bytes)).append(" ").append(name);
    EXPECT_THAT(manifest, HasSubstr(line + "\nversion modified-"));
  }
  for (const auto& [path, fact] : theirs) EXPECT_EQ(facts_of(to_.path()).at(path), fact) << path;
  EXPECT_EQ(facts_of(from_.path()), sources);
  EXPECT_EQ(verify(staged).status, COLDLOAD_OK);
}

TEST_F(Staged, ServesTheCopyWithAllThatTheTargetOffers) {
  const Component staged(host_, "staged", options_, backends_);
  ASSERT_EQ(prepare(staged).status, COLDLOAD_OK);
  // What is read is the copy: the source is gone.
  std::filesystem::remove_all(from_.path() + "/m");
  const Component strategy(host_, "mmap");
  Load load(host_, staged, strategy, {files_[0], files_[3]});
  const Outcome outcome = load.run();
  EXPECT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  EXPECT_THAT(load.complaint(), IsEmpty());
  EXPECT_THAT(load.coverage(), IsEmpty());
}

TEST_F(Staged, ProbingLeavesNoTrace) {
  const auto before = facts_of(to_.path());
  const Component staged(host_, "staged", options_, backends_);
  coldload_object_info info = {};
  info.struct_size = sizeof info;
  const Outcome outcome = call([&](coldload_error* error) {
    return staged.backend_ops().probe(staged.self(), "m", COLDLOAD_OPEN_DIRECT, &info, error);
  });
  ASSERT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  EXPECT_TRUE(info.capabilities & COLDLOAD_CAN_FD);
  EXPECT_TRUE(info.capabilities & COLDLOAD_CAN_DIRECT);
  EXPECT_TRUE(info.capabilities & COLDLOAD_CAN_EVICT);
  EXPECT_EQ(facts_of(to_.path()), before);
}

TEST_F(Staged, ATargetWithForeignFilesIsRefusedBeforeAnythingIsTimed) {
  std::filesystem::create_directories(copy_path());
  std::ofstream(copy_path() + "/theirs") << "precious";
  const Component staged(host_, "staged", options_, backends_);
  coldload_object_info info = {};
  info.struct_size = sizeof info;
  const Outcome probed = call(
      [&](coldload_error* error) { return staged.backend_ops().probe(staged.self(), "m", 0, &info, error); });
  EXPECT_EQ(probed.status, COLDLOAD_UNSUPPORTED);
  EXPECT_THAT(probed.message, HasSubstr("holds \"theirs\""));
  EXPECT_EQ(prepare(staged).status, COLDLOAD_UNSUPPORTED);
  EXPECT_TRUE(std::filesystem::exists(copy_path() + "/theirs"));
}

TEST_F(Staged, ATargetThatIsNoDirectoryIsRefused) {
  const Component null(host_, "null");
  const Component staged(host_, "staged", options_, {{"source", &source_}, {"target", &null}});
  EXPECT_EQ(staged.outcome().status, COLDLOAD_INVALID_OPTION);
  EXPECT_THAT(staged.outcome().message, HasSubstr("not files below a directory"));
}

TEST_F(Staged, AFullDiskIsSaidBeforeACopyBegins) {
  const auto before = facts_of(to_.path());
  OptionTexts options = options_;
  options["reserve"] = "1000 TiB";
  const Component staged(host_, "staged", options, backends_);
  const Outcome outcome = prepare(staged);
  EXPECT_EQ(outcome.status, COLDLOAD_IO_ERROR);
  EXPECT_EQ(outcome.os_error, ENOSPC);
  EXPECT_THAT(outcome.message, HasSubstr("are free: free some, name another target, or lower `reserve`"));
  EXPECT_EQ(facts_of(to_.path()), before);
}

TEST_F(Staged, WhatIsStoppedLeavesNothing) {
  const auto before = facts_of(to_.path());
  const Component staged(host_, "staged", options_, backends_);
  const Outcome outcome = prepare(staged, [&](uint64_t done, uint64_t) {
    if (done > 1'000'000) host_.cancelled = true;
  });
  EXPECT_EQ(outcome.status, COLDLOAD_CANCELLED);
  EXPECT_EQ(facts_of(to_.path()), before);
}

TEST_F(Staged, ASourceThatFailsLeavesNothing_AndItsReasonIsTold) {
  const Component staged(host_, "staged", options_, backends_);
  const Outcome outcome = prepare(staged, [&](uint64_t done, uint64_t) {
    if (done > 500'000) std::filesystem::resize_file(from_.path() + "/m/a.safetensors", 600'000);
  });
  EXPECT_EQ(outcome.status, COLDLOAD_IO_ERROR);
  EXPECT_THAT(outcome.message, HasSubstr("the file ends at or before byte"));
  EXPECT_FALSE(std::filesystem::exists(to_.path() + "/.coldload-staged"));
}

TEST_F(Staged, ACopyOfAnotherStateOfTheSourceIsNotTakenForThisOne) {
  const Component staged(host_, "staged", options_, backends_);
  ASSERT_EQ(prepare(staged).status, COLDLOAD_OK);
  from_.file("m/new.safetensors", 5);
  EXPECT_FALSE(is_prepared(staged));
  ASSERT_EQ(prepare(staged).status, COLDLOAD_OK);
  EXPECT_TRUE(is_prepared(staged));
}

TEST_F(Staged, DamageIsFoundByVerifying) {
  const Component staged(host_, "staged", options_, backends_);
  ASSERT_EQ(prepare(staged).status, COLDLOAD_OK);
  overwrite(copy_path() + "/sub/deep/b.safetensors");
  EXPECT_TRUE(is_prepared(staged)) << "which reads no bytes";
  const Outcome outcome = verify(staged);
  EXPECT_EQ(outcome.status, COLDLOAD_INTEGRITY);
  EXPECT_THAT(outcome.message, HasSubstr("sub/deep/b.safetensors: its bytes have digest"));
}

TEST_F(Staged, DiscardTakesTheCopyAway_UnlessItIsToBeKept) {
  for (const char* keep : {"false", "true"}) {
    OptionTexts options = options_;
    options["keep"] = keep;
    const Component staged(host_, "staged", options, backends_);
    ASSERT_EQ(prepare(staged).status, COLDLOAD_OK);
    const Outcome outcome = discard(staged);
    EXPECT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
    EXPECT_EQ(std::filesystem::exists(to_.path() + "/.coldload-staged"), std::string(keep) == "true");
  }
}

TEST_F(Staged, DiscardLeavesTheCopyOfAnotherMaker_AlsoOneMadeAnewInItsPlace) {
  const auto made_by = [&](const char* maker) {
    OptionTexts options = options_;
    options["made_by"] = maker;
    return options;
  };
  const Component earlier(host_, "staged", made_by("stage"), backends_);
  ASSERT_EQ(prepare(earlier).status, COLDLOAD_OK);
  const Component run(host_, "staged", options_, backends_);
  ASSERT_EQ(prepare(run).status, COLDLOAD_OK);
  EXPECT_EQ(discard(run).status, COLDLOAD_OK);
  const Component other(host_, "staged", made_by("provision"), backends_);
  const Outcome outcome = discard(other);
  EXPECT_EQ(outcome.status, COLDLOAD_UNSUPPORTED);
  EXPECT_THAT(outcome.message, HasSubstr("made by \"stage\" and not by \"provision\""));
  EXPECT_TRUE(std::filesystem::exists(copy_path() + "/.coldload-manifest"));
  EXPECT_EQ(discard(earlier).status, COLDLOAD_OK);
  EXPECT_FALSE(std::filesystem::exists(copy_path()));
}

TEST_F(Staged, DiscardTakesWhatAKilledCopyLeftToo) {
  const std::string left =
      to_.path() + "/.coldload-staged/under-test/.m." + std::string(32, '0') + ".partial";
  std::filesystem::create_directories(left);
  std::ofstream(left + "/.coldload-manifest") << "coldload-manifest 1\nmade-by run\nfile - 5 a\npartial 1\n";
  std::ofstream(left + "/a") << "half";
  const Component staged(host_, "staged", options_, backends_);
  EXPECT_EQ(discard(staged).status, COLDLOAD_OK);
  EXPECT_FALSE(std::filesystem::exists(to_.path() + "/.coldload-staged"));
}

TEST_F(Staged, ASourceThatWasReplacedIsSeen_InTheSameSizeToo) {
  const Component staged(host_, "staged", options_, backends_);
  ASSERT_EQ(prepare(staged).status, COLDLOAD_OK);
  ASSERT_TRUE(is_prepared(staged));
  const std::string shard = from_.path() + "/m/a.safetensors";
  overwrite(shard);
  EXPECT_TRUE(is_prepared(staged)) << "its time is as it was, and nothing else tells";
  std::filesystem::last_write_time(shard,
                                   std::filesystem::last_write_time(shard) + std::chrono::milliseconds(1));
  EXPECT_FALSE(is_prepared(staged));
  const Outcome outcome = verify(staged);
  EXPECT_EQ(outcome.status, COLDLOAD_INTEGRITY);
  EXPECT_THAT(outcome.message, HasSubstr("the source holds something else now"));
  ASSERT_EQ(prepare(staged).status, COLDLOAD_OK);
  EXPECT_TRUE(is_prepared(staged));
  EXPECT_EQ(verify(staged).status, COLDLOAD_OK);
}

TEST_F(Staged, ASourceThatChangesWhileItIsCopiedIsNoCopy) {
  const Component staged(host_, "staged", options_, backends_);
  const std::string shard = from_.path() + "/m/sub/deep/b.safetensors";
  std::atomic<bool> touched = false;
  const Outcome outcome = prepare(staged, [&](uint64_t, uint64_t) {
    if (!touched.exchange(true)) {
      std::filesystem::last_write_time(
          shard, std::filesystem::last_write_time(shard) + std::chrono::milliseconds(1));
    }
  });
  EXPECT_EQ(outcome.status, COLDLOAD_INTEGRITY);
  EXPECT_THAT(outcome.message, HasSubstr("m/sub/deep/b.safetensors: was changed while it was copied"));
  EXPECT_FALSE(std::filesystem::exists(to_.path() + "/.coldload-staged"));
}

TEST_F(Staged, WhatAKilledProbeLeftIsSwept) {
  const std::string left =
      to_.path() + "/.coldload-staged/under-test/..probe." + std::string(32, '0') + ".partial";
  std::filesystem::create_directories(left);
  std::ofstream(left + "/.coldload-manifest")
      << "coldload-manifest 1\nmade-by run\nfile - 4096 probe\npartial 1\n";
  std::ofstream(left + "/probe") << "half";
  const Component staged(host_, "staged", options_, backends_);
  ASSERT_EQ(prepare(staged).status, COLDLOAD_OK);
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_EQ(discard(staged).status, COLDLOAD_OK);
  EXPECT_FALSE(std::filesystem::exists(to_.path() + "/.coldload-staged"));
}

TEST_F(Staged, KeepsToItsLimit) {
  OptionTexts options = options_;
  options["limit"] = "20 MB/s";
  const Component staged(host_, "staged", options, backends_);
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(prepare(staged).status, COLDLOAD_OK);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began;
  // From below only: 5.1 MB, less the last piece.
  EXPECT_GE(elapsed.count(), 0.24);
}

}  // namespace
}  // namespace coldload::testing
