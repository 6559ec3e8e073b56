// What the kit looks with: symbols of a file, buffers with marks, what its process holds.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "core/conformance/elf_symbols.hpp"
#include "core/conformance/guarded_buffer.hpp"
#include "core/conformance/self.hpp"

namespace coldload::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string written(const std::string& content) {
  const std::string path = std::string(COLDLOAD_BINARY_DIR) + "/symbols_test.so";
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const std::string kPlugin = std::string(COLDLOAD_BINARY_DIR) + "/lib/coldload/plugins/coldload_null.so";

TEST(ExportedSymbols, OfAPluginAreItsTableAlone) {
  const auto names = exported_symbols(kPlugin);
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_THAT(*names, ElementsAre("coldload_plugin_v1"));
}

TEST(ExportedSymbols, OfAFileThatIsNoneAreAnError) {
  for (const char* content : {"",
                              "\x7f"
                              "ELF",
                              "#!/bin/sh\n"}) {
    const auto names = exported_symbols(written(content));
    ASSERT_FALSE(names);
    EXPECT_THAT(names.error().message, HasSubstr("no shared object"));
  }
}

// Wherever it is cut, and whatever a byte of it says, nothing is read outside of it.
TEST(ExportedSymbols, SurviveAFileThatIsCutOrDamaged) {
  const std::string whole = content_of(kPlugin);
  ASSERT_GT(whole.size(), 4096u);
  for (size_t parts = 1; parts < 40; ++parts) {
    (void)exported_symbols(written(whole.substr(0, whole.size() * parts / 40)));
  }
  for (size_t at = 0; at < 64; ++at) {
    std::string damaged = whole;
    damaged[at] = '\xff';
    (void)exported_symbols(written(damaged));
  }
  // The offset of the sections, then their number.
  std::string damaged = whole;
  std::memset(damaged.data() + 0x28, 0xff, 8);
  EXPECT_FALSE(exported_symbols(written(damaged)));
}

TEST(GuardedBuffer, LiesAtItsOffsetInAPage_AndTellsNothingUnlessItIsLeft) {
  const GuardedBuffer buffer(4096 * 3 + 17, 100);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 4096, 17u);
  std::memset(buffer.data(), 1, 100);
  EXPECT_EQ(buffer.trespass(), "");
}

TEST(GuardedBuffer, TellsOfOneBytePastTheEnd_AndOfOneBefore) {
  const GuardedBuffer past(0, 100);
  past.data()[100] = std::byte{1};
  EXPECT_THAT(past.trespass(), HasSubstr("past the 100 bytes"));
  const GuardedBuffer before(0, 100);
  *(before.data() - 1) = std::byte{1};
  EXPECT_THAT(before.trespass(), HasSubstr("before the buffer"));
}

TEST(Self, CountsDescriptorsAndThreads) {
  const size_t descriptors = descriptor_count();
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(descriptor_count(), descriptors + 1);
  ::close(fd);
  EXPECT_EQ(descriptor_count(), descriptors);
  std::thread([] {}).join();
  ::usleep(50'000);  // until the kernel lists it no more
  const size_t threads = thread_count();
  std::promise<void> counted;
  std::thread another([&] { counted.get_future().wait(); });
  EXPECT_EQ(thread_count(), threads + 1);
  counted.set_value();
  another.join();
  EXPECT_TRUE(threads_come_back_to(threads));
}

}  // namespace
}  // namespace coldload::conformance
