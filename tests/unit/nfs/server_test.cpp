#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "coldload/cpp/posix/descriptor.hpp"
#include "coldload/ext/async_read.h"
#include "tests/support/plugin_harness.hpp"
#include "tests/unit/plugins/scratch.hpp"

namespace coldload::testing {
namespace {

using sdk::posix::Descriptor;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr uint64_t kMiB = 1 << 20;

// nfs-ganesha over a directory; ends with its object, or with this process, whose pipe it reads.
class Server {
 public:
  explicit Server(const std::string& path) {
    std::array<int, 2> in = {};
    std::array<int, 2> out = {};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) throw std::bad_alloc();
    stdin_ = Descriptor(in[1]);
    const Descriptor theirs_in(in[0]);
    const Descriptor theirs_out(out[1]);
    const Descriptor told(out[0]);
    const std::string script = std::string(COLDLOAD_SOURCE_DIR) + "/tests/support/ganesha.py";
    const std::string directory = path + "-server";
    std::filesystem::create_directories(directory);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(theirs_in.get(), 0);
      ::dup2(theirs_out.get(), 1);
      ::execl("/usr/bin/python3", "python3", "-B", script.c_str(), path.c_str(), directory.c_str(), nullptr);
      ::_exit(127);
    }
    std::array<char, 64> line = {};
    // It may come in pieces.
    size_t length = 0;
    while (length < line.size() - 1 && std::strchr(line.data(), '\n') == nullptr) {
      const ssize_t count = ::read(told.get(), line.data() + length, line.size() - 1 - length);
      if (count <= 0) break;
      length += static_cast<size_t>(count);
    }
    if (std::sscanf(line.data(), "%d %d\n", &port_, &pid_) != 2) {
      throw std::runtime_error("no nfs-ganesha: see what tests/support/ganesha.py printed");
    }
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    stdin_.reset();
    ::waitpid(child_, nullptr, 0);
  }
  [[nodiscard]] OptionTexts options() const {
    return {{"url", "nfs://127.0.0.1/models"}, {"nfsport", std::to_string(port_)}, {"timeout", "20 s"}};
  }
  // Returns when every thread of it has stopped: until then one may still answer.
  void hang() const {
    ::kill(pid_, SIGSTOP);
    for (int looks = 0; looks < 1000 && !stopped(); ++looks) std::this_thread::sleep_for(milliseconds(5));
    if (!stopped()) throw std::runtime_error("nfs-ganesha does not stop");
  }

 private:
  [[nodiscard]] bool stopped() const {
    const std::filesystem::path tasks = "/proc/" + std::to_string(pid_) + "/task";
    return std::ranges::all_of(std::filesystem::directory_iterator(tasks), [](const auto& task) {
      std::ifstream stat(task.path() / "stat");
      std::string text;
      std::getline(stat, text);
      const size_t end = text.rfind(") ");
      return end != std::string::npos && text[end + 2] == 'T';
    });
  }

  Descriptor stdin_;
  pid_t child_ = -1;
  int port_ = 0;
  int pid_ = 0;
};

class NfsServer : public ::testing::Test {
 protected:
  void SetUp() override {
    backend_ = std::make_unique<Component>(host_, "nfs", server_.options());
    ASSERT_EQ(backend_->outcome().status, COLDLOAD_OK) << backend_->outcome().message;
    info_.struct_size = sizeof info_;
    const Outcome opened = call([&](coldload_error* error) {
      return ops().open(backend_->self(), "m/a.safetensors", 0, &object_, &info_, error);
    });
    ASSERT_EQ(opened.status, COLDLOAD_OK) << opened.message;
  }
  void TearDown() override {
    // Nothing of it is to wait for a server that hangs.
    host_.cancelled = true;
    if (object_ != nullptr) ops().close(backend_->self(), object_);
  }
  [[nodiscard]] const coldload_backend_ops& ops() const { return backend_->backend_ops(); }
  [[nodiscard]] const coldload_async_read_ops& async() const {
    return *static_cast<const coldload_async_read_ops*>(
        ops().get_extension(backend_->self(), COLDLOAD_EXT_ASYNC_READ));
  }
  void* open_queue(uint32_t depth) {
    void* queue = nullptr;
    const Outcome opened = call(
        [&](coldload_error* error) { return async().queue_open(backend_->self(), depth, &queue, error); });
    EXPECT_EQ(opened.status, COLDLOAD_OK) << opened.message;
    return queue;
  }
  Outcome submit(void* queue, uint64_t offset, std::vector<char>& buffer, uint64_t tag) {
    return call([&](coldload_error* error) {
      return async().submit(queue, object_, offset, buffer.size(), buffer.data(), tag, error);
    });
  }
  Outcome wait(void* queue, coldload_completion& out) {
    out.error.struct_size = sizeof out.error;
    uint32_t count = 0;
    return call([&](coldload_error* error) { return async().wait(queue, 1, 1, &out, &count, error); });
  }
  Outcome read(uint64_t offset, std::vector<char>& buffer) {
    return call([&](coldload_error* error) {
      return ops().read_at(object_, offset, buffer.data(), buffer.size(), error);
    });
  }

  RecordingHost host_;
  Scratch scratch_;
  Expected file_ = scratch_.file("m/a.safetensors", 12 * kMiB + 5);
  Server server_{scratch_.path()};
  std::unique_ptr<Component> backend_;
  void* object_ = nullptr;
  coldload_object_info info_ = {};
};

TEST_F(NfsServer, ReadsTheOddTailExactly_AndNothingPastTheEnd) {
  EXPECT_EQ(info_.size_bytes, 12 * kMiB + 5);
  EXPECT_EQ(info_.capabilities, uint32_t{COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_NO_LOCAL_CACHE});
  std::vector<char> buffer(9 * kMiB + 5);
  EXPECT_EQ(read(3 * kMiB, buffer).status, COLDLOAD_OK);
  EXPECT_TRUE(std::equal(buffer.begin(), buffer.end(), file_.bytes->begin() + 3 * kMiB));
  const Outcome past = read(3 * kMiB + 1, buffer);
  EXPECT_EQ(past.status, COLDLOAD_IO_ERROR);
  EXPECT_THAT(past.message, HasSubstr("past the end, the file has 12582917 bytes"));
}

TEST_F(NfsServer, AFileThatShrankIsAnErrorAndNoShortData) {
  std::filesystem::resize_file(scratch_.path() + "/m/a.safetensors", 5 * kMiB);
  std::vector<char> buffer(8 * kMiB);
  const Outcome outcome = read(0, buffer);
  EXPECT_EQ(outcome.status, COLDLOAD_IO_ERROR);
  EXPECT_THAT(outcome.message, HasSubstr("the file ends at byte"));
}

TEST_F(NfsServer, AFileThatChangedIsAnErrorOnAConnectionThatOpensItLater) {
  std::vector<char> buffer(kMiB);
  // The first queue takes the connection that has the file open already.
  void* first = open_queue(1);
  void* second = open_queue(1);
  std::filesystem::resize_file(scratch_.path() + "/m/a.safetensors", 13 * kMiB);
  coldload_completion completion = {};
  ASSERT_EQ(submit(second, 0, buffer, 1).status, COLDLOAD_OK);
  ASSERT_EQ(wait(second, completion).status, COLDLOAD_OK);
  EXPECT_EQ(completion.status, COLDLOAD_IO_ERROR);
  EXPECT_THAT(completion.error.message, HasSubstr("or was changed: 12582917 bytes then, 13631488 now"));
  async().queue_close(second);
  async().queue_close(first);
}

TEST_F(NfsServer, AfterCancelAllNoBufferIsWritten_AndTheQueueReadsAgain) {
  void* queue = open_queue(4);
  std::vector<std::vector<char>> buffers(4, std::vector<char>(3 * kMiB));
  for (uint64_t i = 0; i < 4; ++i) ASSERT_EQ(submit(queue, i * 3 * kMiB, buffers[i], i).status, COLDLOAD_OK);
  EXPECT_THAT(submit(queue, 0, buffers[0], 9).message, HasSubstr("more than 4 reads"));
  async().cancel_all(queue);
  for (auto& buffer : buffers) std::fill(buffer.begin(), buffer.end(), 'x');
  std::this_thread::sleep_for(milliseconds(200));
  coldload_completion completion = {};
  EXPECT_EQ(wait(queue, completion).status, COLDLOAD_INTERNAL);
  for (const auto& buffer : buffers) {
    EXPECT_EQ(std::count(buffer.begin(), buffer.end(), 'x'), static_cast<long>(buffer.size()));
  }
  std::vector<char> again(2 * kMiB + 5);
  ASSERT_EQ(submit(queue, 10 * kMiB, again, 7).status, COLDLOAD_OK);
  ASSERT_EQ(wait(queue, completion).status, COLDLOAD_OK);
  EXPECT_EQ(completion.status, COLDLOAD_OK);
  EXPECT_EQ(completion.tag, 7U);
  EXPECT_TRUE(std::equal(again.begin(), again.end(), file_.bytes->begin() + 10 * kMiB));
  async().queue_close(queue);
}

TEST_F(NfsServer, ReadsOfAHangingServerEndSoonAfterTheRun) {
  void* queue = open_queue(2);
  server_.hang();
  std::vector<char> buffer(kMiB);
  ASSERT_EQ(submit(queue, 0, buffer, 1).status, COLDLOAD_OK);
  std::chrono::steady_clock::time_point told;
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    told = std::chrono::steady_clock::now();
    host_.cancelled = true;
  });
  coldload_completion completion = {};
  EXPECT_EQ(wait(queue, completion).status, COLDLOAD_CANCELLED);
  const auto ended = std::chrono::steady_clock::now();
  stopper.join();
  // 100 ms is the rule; a busy machine may wake the waiting thread late.
  EXPECT_LT(ended - told, std::chrono::seconds(10));
  async().cancel_all(queue);
  async().queue_close(queue);
}

}  // namespace
}  // namespace coldload::testing
