// Brings items of known bytes to the destination "cuda", on the fake driver, as a strategy would.
#pragma once

#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/fake_cuda/fake_cuda.hpp"
#include "tests/support/plugin_harness.hpp"

namespace coldload::testing {

struct LoadShape {
  std::vector<uint64_t> item_bytes;
  uint64_t chunk_bytes = uint64_t{64} << 10;
  uint32_t threads = 1;
  bool mapped = false;
};

class CudaLoad {
 public:
  CudaLoad(LoadShape shape, OptionTexts options) : shape_(std::move(shape)) {
    options.try_emplace("library", COLDLOAD_FAKE_CUDA);
    destination_ = std::make_unique<Component>(host_, "cuda", options);
    for (size_t i = 0; i < shape_.item_bytes.size(); ++i) {
      std::string& bytes = items_.emplace_back(shape_.item_bytes[i], '\0');
      uint64_t state = i + 1;
      for (char& byte : bytes) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        byte = static_cast<char>(state >> 56);
      }
    }
  }

  [[nodiscard]] RecordingHost& host() { return host_; }
  [[nodiscard]] const coldload_destination_ops& ops() const { return destination_->destination_ops(); }
  [[nodiscard]] void* self() const { return destination_->self(); }
  void destroy() { destination_.reset(); }

  Outcome begin() {
    coldload_destination_needs needs = {};
    needs.struct_size = sizeof needs;
    needs.item_count = static_cast<uint32_t>(shape_.item_bytes.size());
    needs.item_bytes = shape_.item_bytes.data();
    needs.buffer_bytes = shape_.mapped ? 0 : shape_.chunk_bytes;
    needs.buffers_in_flight = shape_.threads;
    needs.alignment_bytes = 4096;
    pool_.struct_size = sizeof pool_;
    return call([&](coldload_error* error) { return ops().begin(self(), &needs, &pool_, error); });
  }

  // begin, every chunk by `threads` threads, finish; the first failure.
  Outcome run() {
    Outcome outcome = begin();
    if (outcome.status != COLDLOAD_OK) return outcome;
    outcome = deliver_all();
    if (outcome.status != COLDLOAD_OK) return outcome;
    return call([&](coldload_error* error) { return ops().finish(self(), error); });
  }

  Outcome deliver_all() {
    std::vector<std::thread> threads;
    Outcome first;
    std::mutex mutex;
    std::atomic<uint64_t> next{0};
    for (uint32_t i = 0; i < shape_.threads; ++i) {
      threads.emplace_back([&] {
        for (uint64_t number = next++; number < chunk_count(); number = next++) {
          const Outcome outcome = deliver_chunk(number);
          if (outcome.status == COLDLOAD_OK) continue;
          const std::lock_guard lock(mutex);
          if (first.status == COLDLOAD_OK) first = outcome;
          return;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return first;
  }

  // "" or the first item whose bytes in device memory are not its own.
  std::string difference() {
    for (uint32_t item = 0; item < items_.size(); ++item) {
      std::string back(items_[item].size(), '\0');
      if (back.empty()) continue;
      const Outcome outcome = call([&](coldload_error* error) {
        return ops().read_back(self(), item, 0, back.data(), back.size(), error);
      });
      if (outcome.status != COLDLOAD_OK) return outcome.message;
      if (back != items_[item]) return "item " + std::to_string(item) + " differs";
    }
    return "";
  }

  [[nodiscard]] const coldload_destination_pool& pool() const { return pool_; }

 private:
  [[nodiscard]] uint64_t chunks_of(uint64_t bytes) const {
    return (bytes + shape_.chunk_bytes - 1) / shape_.chunk_bytes;
  }
  [[nodiscard]] uint64_t chunk_count() const {
    uint64_t count = 0;
    for (const uint64_t bytes : shape_.item_bytes) count += chunks_of(bytes);
    return count;
  }

  Outcome deliver_chunk(uint64_t number) {
    uint32_t item = 0;
    while (number >= chunks_of(shape_.item_bytes[item])) number -= chunks_of(shape_.item_bytes[item++]);
    const uint64_t offset = number * shape_.chunk_bytes;
    const uint64_t length = std::min(shape_.chunk_bytes, shape_.item_bytes[item] - offset);
    const char* bytes = items_[item].data() + offset;
    if (shape_.mapped) {
      return call([&](coldload_error* error) {
        return ops().deliver_mapped(self(), item, offset, length, bytes, error);
      });
    }
    coldload_buffer buffer = {};
    buffer.struct_size = sizeof buffer;
    buffer.item = item;
    buffer.offset = offset;
    buffer.length = length;
    const Outcome acquired = call(
        [&](coldload_error* error) { return ops().acquire(self(), item, offset, length, &buffer, error); });
    if (acquired.status != COLDLOAD_OK) return acquired;
    std::memcpy(buffer.data, bytes, length);
    return call([&](coldload_error* error) { return ops().deliver(self(), &buffer, error); });
  }

  LoadShape shape_;
  RecordingHost host_;
  std::unique_ptr<Component> destination_;
  std::vector<std::string> items_;
  coldload_destination_pool pool_ = {};
};

}  // namespace coldload::testing
