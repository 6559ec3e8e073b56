// Drives a plugin's C tables without the host: loads the built .so, makes option values from its own table,
// offers a recording host, and plays the destination with a small pool that checks every byte handed over.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "coldload/destination.h"

namespace coldload::testing {

// What a component told the host. Set `cancelled` to stop the run.
class RecordingHost {
 public:
  RecordingHost();
  RecordingHost(const RecordingHost&) = delete;
  RecordingHost& operator=(const RecordingHost&) = delete;

  [[nodiscard]] const coldload_host* raw() const { return &raw_; }
  // "" if the key was never given; true and false for a bool.
  [[nodiscard]] std::string evidence(const std::string& key) const;
  // The last value given for a tag; -1 if it was never given.
  [[nodiscard]] double metric(const std::string& tag) const;
  [[nodiscard]] std::vector<std::string> disturbances() const;
  // Everything logged, one message a line.
  [[nodiscard]] std::string logged() const;

  std::atomic<bool> cancelled{false};
  // Host-side extensions' tables by id. Set before components are made.
  std::map<std::string, const void*> extensions;

 private:
  coldload_host raw_ = {};
  mutable std::mutex mutex_;
  std::map<std::string, std::string> evidence_;
  std::map<std::string, double> metrics_;
  std::vector<std::string> disturbances_;
  std::string logged_;
};

using OptionTexts = std::map<std::string, std::string>;
class Component;
using OptionBackends = std::map<std::string, const Component*>;

struct Outcome {
  coldload_status status = COLDLOAD_OK;
  std::string message;
  int os_error = 0;
};

// A component of <build>/lib/coldload/plugins/coldload_<plugin>.so (or of the file at an absolute path),
// created with its defaults and `options`, which are written as in a scenario, lists and maps as a default is
// ("a,b", "k=v,…"), or with newlines between the elements, which may then hold commas. A plugin that cannot
// be loaded throws; create() that fails leaves its status in outcome().
class Component {
 public:
  Component(RecordingHost& host, const std::string& plugin, const OptionTexts& options = {},
            const OptionBackends& backends = {});
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;
  ~Component();

  [[nodiscard]] const Outcome& outcome() const { return outcome_; }
  [[nodiscard]] const coldload_component& table() const { return *table_; }
  [[nodiscard]] const coldload_backend_ops& backend_ops() const;
  [[nodiscard]] const coldload_strategy_ops& strategy_ops() const;
  [[nodiscard]] const coldload_destination_ops& destination_ops() const;
  [[nodiscard]] void* self() const { return self_; }

 private:
  [[nodiscard]] coldload_option_list list_of(const coldload_option& option, const std::string& text);

  const coldload_component* table_ = nullptr;
  void* self_ = nullptr;
  Outcome outcome_;
  std::vector<std::string> texts_;
  std::vector<coldload_option_value> values_;
  std::vector<std::unique_ptr<coldload_backend>> backends_;
  // Of LIST and MAP options: the elements, and the pointers that the plugin is given.
  struct List {
    std::vector<std::string> items;
    std::vector<const char*> table;
  };
  std::vector<std::unique_ptr<List>> lists_;
};

// Calls a table's function with an error to fill: `call([&](coldload_error* e) { return ops.evict(object, e);
// })`.
Outcome call(const std::function<coldload_status(coldload_error*)>& body);

// Bytes of an object in the page cache once its backend was asked to drop them: asked again while some are
// left, since the kernel may hold on to a page that is just in use. A call that fails throws.
uint64_t left_after_evicting(const Component& backend, void* object);

// What an item should hold: its size and the byte at each offset.
struct Expected {
  std::string key;
  uint64_t size_bytes = 0;
  std::shared_ptr<const std::string> bytes;  // Null: zeros.
};

// Opens objects, plays the destination, and runs one strategy over them.
class Load {
 public:
  Load(RecordingHost& host, const Component& backend, const Component& strategy,
       std::vector<Expected> expected);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load();

  // open (if it was not called before), requirements, setup, load, teardown; stops at the first failure.
  Outcome run();
  Outcome open();

  // Called before each delivery is taken, with its number from 0; what it returns is what deliver() returns.
  std::function<coldload_status(uint64_t)> on_deliver;
  // The objects' functions, for a test to replace one before run().
  coldload_backend_ops object_ops = {};

  [[nodiscard]] const coldload_requirements& requirements() const { return requirements_; }
  [[nodiscard]] const coldload_object_info& info(size_t item) const { return infos_[item]; }
  // "" or what was wrong with the bytes, the ranges or the buffers' lives.
  [[nodiscard]] std::string complaint() const;
  // Of the successful run: "" or which bytes were delivered twice or never.
  [[nodiscard]] std::string coverage() const;
  [[nodiscard]] uint64_t delivery_count() const { return delivery_count_.load(); }
  [[nodiscard]] uint32_t buffers_held() const;

 private:
  struct Range {
    uint64_t offset;
    uint64_t length;
  };

  void make_extents();
  void make_pool();
  void check_that_nothing_arrives();
  coldload_status acquire(uint32_t item, uint64_t offset, uint64_t length, coldload_buffer* out);
  coldload_status deliver(const coldload_buffer& buffer);
  coldload_status take(uint32_t item, uint64_t offset, uint64_t length, const void* data);
  void complain(const std::string& what);

  RecordingHost& host_;
  const Component& backend_;
  const Component& strategy_;
  std::vector<Expected> expected_;
  bool opened_ = false;
  std::vector<coldload_object_info> infos_;
  std::vector<coldload_object> objects_;
  std::vector<std::vector<coldload_extent>> extents_;
  std::vector<coldload_item> items_;
  coldload_requirements requirements_ = {};
  coldload_region region_ = {};
  coldload_job job_ = {};

  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<uint32_t> free_slots_;
  uint64_t slot_bytes_ = 0;
  std::vector<std::vector<Range>> delivered_;
  std::string complaint_;
  std::atomic<uint64_t> delivery_count_{0};
};

}  // namespace coldload::testing
