// Real files on real file systems, opened by the plugin `local`: what tests of the page cache look at.
#pragma once

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/base/limits.hpp"
#include "core/run/proof.hpp"

namespace coldload {

class SilentHost final : public HostServices {
 public:
  void log(uint32_t, std::string_view) override {}
  void record(std::string_view, std::string_view, double) override {}
  void evidence(const coldload_evidence&) override {}
  void disturbed(std::string_view) override {}
  [[nodiscard]] bool cancelled() const override { return false; }
};

class CachedFiles : public ::testing::Test {
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

class OverlaidFiles : public CachedFiles {
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

}  // namespace coldload
