#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "coldload/cpp/posix/descriptor.hpp"
#include "coldload/cpp/posix/evict.hpp"
#include "coldload/cpp/posix/residency.hpp"
#include "tests/support/plugin_harness.hpp"
#include "tests/unit/plugins/scratch.hpp"

namespace coldload::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
namespace posix = sdk::posix;

using Listing = std::map<std::string, uint64_t>;

class Local : public ::testing::Test {
 protected:
  struct Opened {
    Outcome outcome;
    void* object = nullptr;
    coldload_object_info info = {};
  };

  Outcome list(const std::string& prefix, Listing& out) {
    return call([&](coldload_error* error) {
      return ops_.list(
          backend_.self(), prefix.c_str(),
          [](void* context, const char* key, uint64_t size) -> coldload_status {
            (*static_cast<Listing*>(context))[key] = size;
            return COLDLOAD_OK;
          },
          &out, error);
    });
  }
  Opened open(const std::string& key, uint32_t flags = 0) {
    Opened opened;
    opened.info.struct_size = sizeof opened.info;
    opened.outcome = call([&](coldload_error* error) {
      return ops_.open(backend_.self(), key.c_str(), flags, &opened.object, &opened.info, error);
    });
    return opened;
  }
  void close(const Opened& opened) { ops_.close(backend_.self(), opened.object); }

  Scratch scratch_;
  RecordingHost host_;
  Component backend_{host_, "local", {{"root", scratch_.path()}}};
  const coldload_backend_ops& ops_ = backend_.backend_ops();
};

TEST_F(Local, RefusesARootThatIsNotAbsolute) {
  const Component component(host_, "local", {{"root", "models"}});
  EXPECT_EQ(component.outcome().status, COLDLOAD_INVALID_OPTION);
  EXPECT_EQ(component.outcome().message,
            "root is \"models\": expected an absolute path, such as \"/mnt/models\"");
}

TEST_F(Local, NamesARootThatIsNotThere) {
  const Component component(host_, "local", {{"root", scratch_.path() + "/no"}});
  EXPECT_EQ(component.outcome().status, COLDLOAD_NOT_FOUND);
  EXPECT_THAT(component.outcome().message, HasSubstr("/no: No such file or directory"));
}

TEST_F(Local, ListsEveryDepth_AndCountsALinkAsWhatItPointsTo) {
  scratch_.file("models--o--n/blobs/abc", 77);
  std::filesystem::create_directories(scratch_.path() + "/models--o--n/snapshots/r1/sub");
  std::filesystem::create_symlink("../../blobs/abc",
                                  scratch_.path() + "/models--o--n/snapshots/r1/x.safetensors");
  std::filesystem::create_directory_symlink("r1", scratch_.path() + "/models--o--n/snapshots/main");
  scratch_.file("models--o--n/snapshots/r1/sub/y", 0);
  Listing listing;
  ASSERT_EQ(list("models--o--n/snapshots", listing).status, COLDLOAD_OK);
  EXPECT_THAT(listing, ElementsAre(Pair("models--o--n/snapshots/main/sub/y", 0),
                                   Pair("models--o--n/snapshots/main/x.safetensors", 77),
                                   Pair("models--o--n/snapshots/r1/sub/y", 0),
                                   Pair("models--o--n/snapshots/r1/x.safetensors", 77)));
}

TEST_F(Local, ListsARootWithLinkLoopsSocketsAndDanglingLinks_WithoutThem) {
  scratch_.file("a", 1);
  std::filesystem::create_directory_symlink(".", scratch_.path() + "/loop");
  std::filesystem::create_symlink("nowhere", scratch_.path() + "/dangling");
  std::filesystem::create_symlink("self", scratch_.path() + "/self");
  ASSERT_EQ(::mkfifo((scratch_.path() + "/fifo").c_str(), 0600), 0);
  Listing listing;
  ASSERT_EQ(list("", listing).status, COLDLOAD_OK);
  EXPECT_THAT(listing, ElementsAre(Pair("a", 1)));
}

TEST_F(Local, SaysNotFoundForAPrefixThatIsNotThere) {
  Listing listing;
  const Outcome outcome = list("no/such", listing);
  EXPECT_EQ(outcome.status, COLDLOAD_NOT_FOUND);
  EXPECT_THAT(outcome.message, HasSubstr("\"no/such\""));
}

TEST_F(Local, RefusesKeysThatLeaveTheRoot) {
  scratch_.file("a/b", 1);
  for (const char* key : {"../x", "a/../a/b", "/etc/passwd", "a//b", "a/b/", "", "./a/b", ".."}) {
    const Opened opened = open(key);
    EXPECT_EQ(opened.outcome.status, COLDLOAD_INVALID_OPTION) << key;
    EXPECT_THAT(opened.outcome.message, HasSubstr("key \"" + std::string(key) + "\"")) << key;
  }
  EXPECT_EQ(open(std::string(4097, 'a')).outcome.status, COLDLOAD_INVALID_OPTION);
  EXPECT_EQ(open(std::string(4096, 'a')).outcome.status, COLDLOAD_IO_ERROR)
      << "within the limit: the file system's word";
}

TEST_F(Local, DoesNotOpenAFifo_WhichWouldWait) {
  ASSERT_EQ(::mkfifo((scratch_.path() + "/fifo").c_str(), 0600), 0);
  const Opened opened = open("fifo");
  EXPECT_EQ(opened.outcome.status, COLDLOAD_UNSUPPORTED);
  EXPECT_THAT(opened.outcome.message, HasSubstr("/fifo: not a regular file"));
}

TEST_F(Local, OffersWhatAFileOnDiskCanDo) {
  scratch_.file("a", 5000);
  const Opened buffered = open("a");
  ASSERT_EQ(buffered.outcome.status, COLDLOAD_OK) << buffered.outcome.message;
  constexpr uint32_t kAlways = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_FD | COLDLOAD_CAN_MAP | COLDLOAD_CAN_PATH |
                               COLDLOAD_CAN_EVICT | COLDLOAD_CAN_RESIDENCY;
  EXPECT_EQ(buffered.info.capabilities, kAlways);
  EXPECT_EQ(buffered.info.size_bytes, 5000u);
  EXPECT_EQ(buffered.info.path, std::filesystem::canonical(scratch_.path() + "/a"));
  EXPECT_NE(::fcntl(buffered.info.fd, F_GETFD) & FD_CLOEXEC, 0);
  const Opened direct = open("a", COLDLOAD_OPEN_DIRECT);
  EXPECT_EQ(direct.info.capabilities, kAlways | COLDLOAD_CAN_DIRECT);
  EXPECT_NE(::fcntl(direct.info.fd, F_GETFL) & O_DIRECT, 0);
  EXPECT_GE(direct.info.offset_alignment_bytes, 512u);
  EXPECT_LE(direct.info.offset_alignment_bytes, 4096u);
  close(buffered);
  close(direct);
}

TEST_F(Local, ReadsNothingAndCachesNothing_WhenOpeningAndProbing) {
  scratch_.file("m/a.safetensors", 1u << 20);
  const Opened opened = open("m/a.safetensors");
  EXPECT_EQ(left_after_evicting(backend_, opened.object), 0u);
  close(opened);
  for (const uint32_t flags : {0u, uint32_t{COLDLOAD_OPEN_DIRECT}}) {
    coldload_object_info info = {};
    info.struct_size = sizeof info;
    ASSERT_EQ(call([&](coldload_error* error) {
                return ops_.probe(backend_.self(), "m", flags, &info, error);
              }).status,
              COLDLOAD_OK);
    EXPECT_EQ(info.fd, -1);
    EXPECT_EQ(info.path, nullptr);
    EXPECT_EQ(info.size_bytes, 0u);
    EXPECT_EQ((info.capabilities & COLDLOAD_CAN_DIRECT) != 0, flags != 0);
  }
  const Opened again = open("m/a.safetensors");
  uint64_t resident = 1;
  ASSERT_EQ(
      call([&](coldload_error* error) { return ops_.residency(again.object, &resident, error); }).status,
      COLDLOAD_OK);
  EXPECT_EQ(resident, 0u);
  close(again);
}

TEST_F(Local, FailsAReadPastTheEnd_WithTheNumbers) {
  scratch_.file("a", 5000);
  const Opened opened = open("a");
  std::string buffer(8192, 'x');
  const auto read = [&](uint64_t offset, uint64_t length) {
    return call([&](coldload_error* error) {
      return ops_.read_at(opened.object, offset, buffer.data(), length, error);
    });
  };
  EXPECT_EQ(read(4096, 904).status, COLDLOAD_OK);
  EXPECT_EQ(read(4096, 905).status, COLDLOAD_IO_ERROR);
  EXPECT_THAT(read(4096, 905).message,
              HasSubstr("/a: bytes 4096-5000: past the end, the file has 5000 bytes"));
  EXPECT_EQ(read(UINT64_MAX, 2).status, COLDLOAD_IO_ERROR);
  close(opened);
}

TEST_F(Local, EvictsWhatWasJustWritten_AndTellsHowMuchIsResident) {
  const Expected file = scratch_.file("a", (8u << 20) + 5);
  const Opened opened = open("a");
  uint64_t resident = 0;
  const auto ask = [&] {
    const Outcome outcome =
        call([&](coldload_error* error) { return ops_.residency(opened.object, &resident, error); });
    EXPECT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
    return resident;
  };
  EXPECT_EQ(ask(), file.size_bytes) << "written a moment ago, dirty or not";
  EXPECT_EQ(left_after_evicting(backend_, opened.object), 0u);
  std::string buffer(4096, '\0');
  ASSERT_EQ(::pread(opened.info.fd, buffer.data(), 1, 8 << 20), 1) << "the odd tail alone";
  EXPECT_GT(ask(), 0u);
  close(opened);
}

TEST_F(Local, GrantsNeitherDirectNorEvictionWhereFilesLiveInMemory) {
  struct statfs mount = {};
  constexpr long kTmpfs = 0x01021994;
  if (::statfs("/dev/shm", &mount) != 0 || mount.f_type != kTmpfs) {
    GTEST_FAIL() << "/dev/shm is not the tmpfs that this test needs";
  }
  const std::string path = "/dev/shm/coldload-local-test-" + std::to_string(::getpid());
  std::ofstream(path) << "some bytes";
  const Component shm(host_, "local", {{"root", "/dev/shm"}});
  void* object = nullptr;
  coldload_object_info info = {};
  info.struct_size = sizeof info;
  const std::string key = path.substr(std::string("/dev/shm/").size());
  const Outcome outcome = call([&](coldload_error* error) {
    return ops_.open(shm.self(), key.c_str(), COLDLOAD_OPEN_DIRECT, &object, &info, error);
  });
  ::unlink(path.c_str());
  ASSERT_EQ(outcome.status, COLDLOAD_OK) << outcome.message;
  EXPECT_EQ(info.capabilities & (COLDLOAD_CAN_DIRECT | COLDLOAD_CAN_EVICT), 0u);
  EXPECT_NE(info.capabilities & COLDLOAD_CAN_MAP, 0u);
  ops_.close(shm.self(), object);
}

TEST(Residency, IsTheSameByCachestatAndByMincore) {
  Scratch scratch;
  constexpr uint64_t kBytes = (4u << 20) + 13;
  scratch.file("a", kBytes);
  const posix::Descriptor file(::open((scratch.path() + "/a").c_str(), O_RDONLY));
  const auto by_mincore = [&] {
    const posix::Residency answer =
        posix::page_cache_residency(file.get(), kBytes, posix::ResidencyChoice::mincore_only);
    EXPECT_EQ(answer.method, posix::ResidencyMethod::mincore);
    return answer.resident_bytes;
  };
  EXPECT_EQ(by_mincore(), kBytes);
  EXPECT_EQ(posix::page_cache_residency(file.get(), kBytes).resident_bytes, kBytes);
  // The kernel may hold on to a page that is just in use.
  for (int i = 0; i < 20 && by_mincore() != 0; ++i) {
    ASSERT_EQ(posix::evict_pages(file.get()), 0);
  }
  EXPECT_EQ(by_mincore(), 0u);
  EXPECT_EQ(posix::page_cache_residency(file.get(), kBytes).resident_bytes, 0u);
  EXPECT_EQ(posix::page_cache_residency(file.get(), 0).resident_bytes, 0u)
      << "an empty file, not: to the end";
}

// As another user: a child process gives up its privileges, so the test needs to have some.
TEST(Residency, IsUnknownForAFileThatOneNeitherOwnsNorMayWrite) {
  ASSERT_EQ(::geteuid(), 0U) << "run the tests as root: this one becomes somebody else";
  Scratch scratch;
  scratch.file("a", 1u << 20);
  const posix::Descriptor file(::open((scratch.path() + "/a").c_str(), O_RDONLY));
  ASSERT_EQ(posix::evict_pages(file.get()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(10);
    for (const auto choice : {posix::ResidencyChoice::any, posix::ResidencyChoice::mincore_only}) {
      if (posix::page_cache_residency(file.get(), 1u << 20, choice).method !=
          posix::ResidencyMethod::unknown) {
        ::_exit(11);
      }
    }
    // Evicting works all the same.
    ::_exit(posix::evict_pages(file.get()) == 0 ? 0 : 12);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace coldload::testing
