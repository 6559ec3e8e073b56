#include "tests/support/plugin_harness.hpp"

#include <dlfcn.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "core/base/units.hpp"

namespace coldload::testing {
namespace {

constexpr uint64_t kPage = COLDLOAD_BUFFER_PAGE_BYTES;

uint64_t round_up(uint64_t value, uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

uint64_t quantity_of(Result<uint64_t> parsed, const char* option) {
  if (!parsed) throw std::runtime_error(std::string(option) + ": " + parsed.error().message);
  return *parsed;
}

coldload_option_value value_of(const coldload_option& option, const char* text) {
  coldload_option_value value = {};
  value.struct_size = sizeof value;
  value.type = option.type;
  value.name = option.name;
  switch (option.type) {
    case COLDLOAD_OPTION_BOOL:
      value.as.integer = std::strcmp(text, "true") == 0 ? 1 : 0;
      break;
    case COLDLOAD_OPTION_INT:
      value.as.integer = std::stoll(text);
      break;
    case COLDLOAD_OPTION_STRING:
    case COLDLOAD_OPTION_CHOICE:
    case COLDLOAD_OPTION_PATH:
      value.as.text = text;
      break;
    case COLDLOAD_OPTION_BYTES:
      value.as.quantity = quantity_of(parse_bytes(text), option.name);
      break;
    case COLDLOAD_OPTION_DURATION:
      value.as.quantity = quantity_of(parse_duration(text), option.name);
      break;
    case COLDLOAD_OPTION_RATE:
      value.as.quantity = quantity_of(parse_rate(text), option.name);
      break;
    default:
      throw std::runtime_error(std::string(option.name) + ": a type the harness does not know");
  }
  return value;
}

const coldload_plugin& load_plugin(const std::string& plugin) {
  const std::string path = plugin[0] == '/' ? plugin
                                            : std::string(COLDLOAD_BINARY_DIR) +
                                                  "/lib/coldload/plugins/coldload_" + plugin + ".so";
  // Stays loaded, as in the host.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(::dlerror());
  const void* symbol = ::dlsym(library, COLDLOAD_PLUGIN_SYMBOL);
  if (symbol == nullptr) throw std::runtime_error(::dlerror());
  return *static_cast<const coldload_plugin*>(symbol);
}

}  // namespace

RecordingHost::RecordingHost() {
  raw_.struct_size = sizeof raw_;
  raw_.abi_minor = COLDLOAD_ABI_MINOR;
  raw_.host_data = this;
  raw_.log = [](const coldload_host* host, uint32_t, const char* message) {
    auto& self = *static_cast<RecordingHost*>(host->host_data);
    const std::lock_guard lock(self.mutex_);
    self.logged_ += std::string(message) + "\n";
  };
  raw_.record = [](const coldload_host* host, const coldload_metric* given) {
    auto& self = *static_cast<RecordingHost*>(host->host_data);
    const std::lock_guard lock(self.mutex_);
    self.metrics_[given->tag] = given->value;
  };
  raw_.evidence = [](const coldload_host* host, const coldload_evidence* given) {
    auto& self = *static_cast<RecordingHost*>(host->host_data);
    std::string text;
    if (given->type == COLDLOAD_OPTION_STRING) text = given->as.text;
    if (given->type == COLDLOAD_OPTION_INT) text = std::to_string(given->as.integer);
    if (given->type == COLDLOAD_OPTION_BOOL) text = given->as.integer != 0 ? "true" : "false";
    const std::lock_guard lock(self.mutex_);
    self.evidence_[given->key] = text;
  };
  raw_.disturbed = [](const coldload_host* host, const char* reason) {
    auto& self = *static_cast<RecordingHost*>(host->host_data);
    const std::lock_guard lock(self.mutex_);
    self.disturbances_.emplace_back(reason);
  };
  raw_.now_ns = [](const coldload_host*) {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
  };
  raw_.cancelled = [](const coldload_host* host) {
    return static_cast<RecordingHost*>(host->host_data)->cancelled.load() ? 1u : 0u;
  };
  raw_.get_extension = [](const coldload_host* host, const char* id) -> const void* {
    const auto& offered = static_cast<RecordingHost*>(host->host_data)->extensions;
    const auto found = offered.find(id);
    return found == offered.end() ? nullptr : found->second;
  };
  raw_.instance = "under-test";
}

std::string RecordingHost::evidence(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = evidence_.find(key);
  return found == evidence_.end() ? "" : found->second;
}

double RecordingHost::metric(const std::string& tag) const {
  const std::lock_guard lock(mutex_);
  const auto found = metrics_.find(tag);
  return found == metrics_.end() ? -1 : found->second;
}

std::vector<std::string> RecordingHost::disturbances() const {
  const std::lock_guard lock(mutex_);
  return disturbances_;
}

std::string RecordingHost::logged() const {
  const std::lock_guard lock(mutex_);
  return logged_;
}

Outcome call(const std::function<coldload_status(coldload_error*)>& body) {
  coldload_error error = {};
  error.struct_size = sizeof error;
  const coldload_status status = body(&error);
  return {status, error.message, error.os_error};
}

uint64_t left_after_evicting(const Component& backend, void* object) {
  constexpr int kTriesMax = 20;
  const coldload_backend_ops& ops = backend.backend_ops();
  uint64_t resident = 0;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const Outcome evicted = call([&](coldload_error* error) { return ops.evict(object, error); });
    const Outcome told = call([&](coldload_error* error) { return ops.residency(object, &resident, error); });
    for (const Outcome& outcome : {evicted, told}) {
      if (outcome.status != COLDLOAD_OK) throw std::runtime_error(outcome.message);
    }
    if (resident == 0) break;
  }
  return resident;
}

Component::Component(RecordingHost& host, const std::string& plugin, const OptionTexts& options,
                     const OptionBackends& backends) {
  table_ = load_plugin(plugin).components[0];
  texts_.reserve(table_->option_count);
  size_t used = 0;
  for (uint32_t i = 0; i < table_->option_count; ++i) {
    const coldload_option& option = table_->options[i];
    if (option.type == COLDLOAD_OPTION_BACKEND) {
      const Component& backend = *backends.at(option.name);
      backends_.push_back(
          std::make_unique<coldload_backend>(coldload_backend{&backend.backend_ops(), backend.self()}));
      coldload_option_value value = {};
      value.struct_size = sizeof value;
      value.type = option.type;
      value.name = option.name;
      value.as.backend = backends_.back().get();
      values_.push_back(value);
      continue;
    }
    const auto given = options.find(option.name);
    used += given == options.end() ? 0 : 1;
    if (given == options.end() && option.default_value == nullptr) {
      throw std::runtime_error(std::string(option.name) + ": required");
    }
    texts_.push_back(given == options.end() ? option.default_value : given->second);
    if (option.type == COLDLOAD_OPTION_LIST || option.type == COLDLOAD_OPTION_MAP) {
      coldload_option_value value = {};
      value.struct_size = sizeof value;
      value.type = option.type;
      value.name = option.name;
      value.as.list = list_of(option, texts_.back());
      values_.push_back(value);
      continue;
    }
    values_.push_back(value_of(option, texts_.back().c_str()));
  }
  if (used != options.size()) throw std::runtime_error(plugin + ": a test gives an option it does not have");
  auto create = strategy_ops().create;
  if (std::strcmp(table_->kind, COLDLOAD_KIND_BACKEND) == 0) create = backend_ops().create;
  if (std::strcmp(table_->kind, COLDLOAD_KIND_DESTINATION) == 0) create = destination_ops().create;
  outcome_ = call([&](coldload_error* error) {
    return create(host.raw(), values_.data(), table_->option_count, &self_, error);
  });
}

coldload_option_list Component::list_of(const coldload_option& option, const std::string& text) {
  lists_.push_back(std::make_unique<List>());
  List& list = *lists_.back();
  const char separator = text.find('\n') == std::string::npos ? ',' : '\n';
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    const std::string item = text.substr(at, end - at);
    const size_t equals = item.find('=');
    if (option.type == COLDLOAD_OPTION_MAP) list.items.push_back(item.substr(0, equals));
    list.items.push_back(option.type == COLDLOAD_OPTION_MAP ? item.substr(equals + 1) : item);
    at = end + 1;
  }
  for (const std::string& item : list.items) list.table.push_back(item.c_str());
  return {static_cast<uint32_t>(list.table.size()), 0, list.table.data()};
}

Component::~Component() {
  if (self_ == nullptr) return;
  if (std::strcmp(table_->kind, COLDLOAD_KIND_BACKEND) == 0) {
    backend_ops().destroy(self_);
  } else if (std::strcmp(table_->kind, COLDLOAD_KIND_DESTINATION) == 0) {
    destination_ops().destroy(self_);
  } else {
    strategy_ops().destroy(self_);
  }
}

const coldload_backend_ops& Component::backend_ops() const {
  return *static_cast<const coldload_backend_ops*>(table_->ops);
}

const coldload_strategy_ops& Component::strategy_ops() const {
  return *static_cast<const coldload_strategy_ops*>(table_->ops);
}

const coldload_destination_ops& Component::destination_ops() const {
  return *static_cast<const coldload_destination_ops*>(table_->ops);
}

Load::Load(RecordingHost& host, const Component& backend, const Component& strategy,
           std::vector<Expected> expected)
    : object_ops(backend.backend_ops()),
      host_(host),
      backend_(backend),
      strategy_(strategy),
      expected_(std::move(expected)),
      infos_(expected_.size()),
      delivered_(expected_.size()) {}

Load::~Load() {
  for (const coldload_object& object : objects_) object_ops.close(object.backend, object.self);
  if (region_.data != nullptr) ::munmap(region_.data, region_.length_bytes);
}

Outcome Load::open() {
  coldload_model_size model = {sizeof model, static_cast<uint32_t>(expected_.size()), 0, 0};
  for (const Expected& item : expected_) {
    model.total_bytes += item.size_bytes;
    model.largest_item_bytes = std::max(model.largest_item_bytes, item.size_bytes);
  }
  requirements_.struct_size = sizeof requirements_;
  Outcome outcome = call([&](coldload_error* error) {
    return strategy_.strategy_ops().requirements(strategy_.self(), &model, &requirements_, error);
  });
  if (outcome.status != COLDLOAD_OK) return outcome;
  for (size_t i = 0; i < expected_.size(); ++i) {
    infos_[i].struct_size = sizeof infos_[i];
    void* self = nullptr;
    outcome = call([&](coldload_error* error) {
      return object_ops.open(backend_.self(), expected_[i].key.c_str(), requirements_.open_flags, &self,
                             &infos_[i], error);
    });
    if (outcome.status != COLDLOAD_OK) return outcome;
    objects_.push_back({&object_ops, backend_.self(), self, &infos_[i], expected_[i].key.c_str()});
    if ((infos_[i].capabilities & requirements_.capabilities) != requirements_.capabilities) {
      return {COLDLOAD_UNSUPPORTED, "capability missing", 0};
    }
    if (infos_[i].size_bytes != expected_[i].size_bytes) return {COLDLOAD_INTERNAL, "wrong size", 0};
  }
  for (const char* const* id = requirements_.extensions; id != nullptr && *id != nullptr; ++id) {
    const auto get = object_ops.get_extension;
    if (get == nullptr || get(backend_.self(), *id) == nullptr) return {COLDLOAD_UNSUPPORTED, *id, 0};
  }
  opened_ = true;
  return {};
}

Outcome Load::run() {
  if (!opened_) {
    Outcome outcome = open();
    if (outcome.status != COLDLOAD_OK) return outcome;
  }
  make_extents();
  make_pool();
  job_.struct_size = sizeof job_;
  job_.item_count = static_cast<uint32_t>(items_.size());
  job_.items = items_.data();
  job_.regions = &region_;
  job_.region_count = region_.data != nullptr ? 1 : 0;
  job_.host_data = this;
  job_.acquire = [](const coldload_job* job, uint32_t item, uint64_t offset, uint64_t length,
                    coldload_buffer* out, coldload_error*) {
    return static_cast<Load*>(job->host_data)->acquire(item, offset, length, out);
  };
  job_.deliver = [](const coldload_job* job, const coldload_buffer* buffer, coldload_error*) {
    return static_cast<Load*>(job->host_data)->deliver(*buffer);
  };
  job_.deliver_mapped = [](const coldload_job* job, uint32_t item, uint64_t offset, uint64_t length,
                           const void* data, coldload_error*) {
    return static_cast<Load*>(job->host_data)->take(item, offset, length, data);
  };
  const coldload_strategy_ops& ops = strategy_.strategy_ops();
  Outcome outcome = call([&](coldload_error* error) {
    return ops.setup == nullptr ? COLDLOAD_OK : ops.setup(strategy_.self(), &job_, error);
  });
  if (outcome.status == COLDLOAD_OK) {
    outcome = call([&](coldload_error* error) { return ops.load(strategy_.self(), &job_, error); });
    if (outcome.status != COLDLOAD_OK) check_that_nothing_arrives();
  }
  if (ops.teardown != nullptr) ops.teardown(strategy_.self());
  return outcome;
}

// A header and three tensors whose names sort backwards, cut at odd places.
void Load::make_extents() {
  static constexpr const char* kNames[] = {"", "z.weight", "m.weight", "a.weight"};
  for (size_t i = 0; i < expected_.size(); ++i) {
    const uint64_t size = expected_[i].size_bytes;
    const uint64_t header = std::min<uint64_t>(size, 75);
    const uint64_t cuts[] = {0, header, header + (size - header) / 3, header + (size - header) / 2, size};
    std::vector<coldload_extent> extents;
    for (size_t part = 0; part < 4; ++part) {
      if (cuts[part] < cuts[part + 1]) {
        extents.push_back({kNames[part], cuts[part], cuts[part + 1] - cuts[part]});
      }
    }
    extents_.push_back(std::move(extents));
  }
  for (size_t i = 0; i < expected_.size(); ++i) {
    items_.push_back({&objects_[i], expected_[i].size_bytes, static_cast<uint32_t>(extents_[i].size()), 0,
                      extents_[i].data()});
  }
}

void Load::make_pool() {
  if (requirements_.buffer_bytes == 0) return;
  slot_bytes_ = round_up(requirements_.buffer_bytes, kPage) + kPage;
  region_.length_bytes = slot_bytes_ * requirements_.buffers_in_flight;
  region_.data =
      ::mmap(nullptr, region_.length_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (region_.data == MAP_FAILED) throw std::runtime_error("no memory for the pool");
  for (uint32_t slot = 0; slot < requirements_.buffers_in_flight; ++slot) free_slots_.push_back(slot);
}

// After a failed load every buffer is ours again: no read may still be on its way into one.
void Load::check_that_nothing_arrives() {
  constexpr int kMark = 0xDD;
  if (region_.data == nullptr) return;
  std::memset(region_.data, kMark, region_.length_bytes);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto* bytes = static_cast<const unsigned char*>(region_.data);
  if (!std::all_of(bytes, bytes + region_.length_bytes, [](unsigned char byte) { return byte == kMark; })) {
    complain("a read that was in flight when load() failed has written to a buffer");
  }
}

coldload_status Load::acquire(uint32_t item, uint64_t offset, uint64_t length, coldload_buffer* out) {
  std::unique_lock lock(mutex_);
  while (free_slots_.empty()) {
    if (host_.cancelled) return COLDLOAD_CANCELLED;
    freed_.wait_for(lock, std::chrono::milliseconds(10));
  }
  if (item >= expected_.size() || length == 0 || length > requirements_.buffer_bytes ||
      offset % requirements_.buffer_bytes != 0 || offset + length > expected_[item].size_bytes) {
    complaint_ = "acquire of an impossible range: item " + std::to_string(item) + ", bytes " +
                 std::to_string(offset) + " + " + std::to_string(length);
    return COLDLOAD_INTERNAL;
  }
  const uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  char* data = static_cast<char*>(region_.data) + slot * slot_bytes_ + offset % kPage;
  // Neither the expected zeros of null nor the pattern of files.
  std::memset(data, 0xEE, length);
  *out = {sizeof *out, 0, data, slot_bytes_ - kPage, item, 0, offset, length, slot, 0};
  return COLDLOAD_OK;
}

coldload_status Load::deliver(const coldload_buffer& buffer) {
  const coldload_status status = take(buffer.item, buffer.offset, buffer.length, buffer.data);
  const std::lock_guard lock(mutex_);
  const auto slot = static_cast<uint32_t>(buffer.token);
  if (std::find(free_slots_.begin(), free_slots_.end(), slot) != free_slots_.end()) {
    complaint_ = "a buffer delivered twice";
  }
  free_slots_.push_back(slot);
  freed_.notify_one();
  return status;
}

coldload_status Load::take(uint32_t item, uint64_t offset, uint64_t length, const void* data) {
  const uint64_t number = delivery_count_.fetch_add(1);
  if (on_deliver) {
    const coldload_status status = on_deliver(number);
    if (status != COLDLOAD_OK) return status;
  }
  const Expected& expected = expected_.at(item);
  if (length == 0 || offset + length > expected.size_bytes) {
    complain("delivery of an impossible range");
    return COLDLOAD_INTERNAL;
  }
  const auto* bytes = static_cast<const char*>(data);
  const bool equal = expected.bytes != nullptr
                         ? std::memcmp(bytes, expected.bytes->data() + offset, length) == 0
                         : std::all_of(bytes, bytes + length, [](char byte) { return byte == 0; });
  if (!equal) {
    complain(expected.key + ": wrong bytes in the " + std::to_string(length) + " at " +
             std::to_string(offset));
  }
  const std::lock_guard lock(mutex_);
  delivered_[item].push_back({offset, length});
  return COLDLOAD_OK;
}

void Load::complain(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (complaint_.empty()) complaint_ = what;
}

std::string Load::complaint() const {
  const std::lock_guard lock(mutex_);
  return complaint_;
}

uint32_t Load::buffers_held() const {
  const std::lock_guard lock(mutex_);
  if (region_.data == nullptr) return 0;
  return requirements_.buffers_in_flight - static_cast<uint32_t>(free_slots_.size());
}

std::string Load::coverage() const {
  for (size_t i = 0; i < expected_.size(); ++i) {
    std::vector<Range> ranges = delivered_[i];
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return a.offset < b.offset; });
    uint64_t covered = 0;
    for (const Range& range : ranges) {
      if (range.offset != covered) {
        return expected_[i].key + ": " + (range.offset < covered ? "twice" : "never") + " at byte " +
               std::to_string(std::min(covered, range.offset));
      }
      covered += range.length;
    }
    if (covered != expected_[i].size_bytes)
      return expected_[i].key + ": never from byte " + std::to_string(covered);
  }
  return "";
}

}  // namespace coldload::testing
