// Backend "shaped": any other backend behind an emulated network path. It stands in for a link that is not
// there, so every record of it says that it is emulated.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "coldload/cpp/plugin.hpp"
#include "coldload/cpp/upstream.hpp"
#include "link.hpp"

namespace coldload::shaped {
namespace {

constexpr uint64_t kSleepNsMax = 20'000'000;  // between two looks at cancelled()

// What a network path leaves of the source's abilities: no descriptor, no mapping, nothing direct.
constexpr uint32_t kPassed =
    COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_EVICT | COLDLOAD_CAN_RESIDENCY | COLDLOAD_CAN_NO_LOCAL_CACHE;

// How far the path kept to its shape: a source that is slower than the link emulates nothing.
struct Account {
  std::atomic<uint64_t> reads{0};
  std::atomic<uint64_t> reads_late{0};
};

void sleep_until(const sdk::Host& host, uint64_t due_ns) {
  for (;;) {
    const uint64_t now_ns = host.now_ns();
    if (now_ns >= due_ns) return;
    host.throw_if_cancelled();
    const uint64_t wake_ns = std::min(due_ns, now_ns + kSleepNsMax);
    const timespec wake = {static_cast<time_t>(wake_ns / 1'000'000'000),
                           static_cast<long>(wake_ns % 1'000'000'000)};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nullptr);
  }
}

class ShapedObject : public sdk::Object {
 public:
  ShapedObject(const sdk::Host& host, Link& link, Account& account, std::string key,
               sdk::UpstreamObject source)
      : host_(host), link_(link), account_(account), key_(std::move(key)), source_(std::move(source)) {}

  void read_at(uint64_t offset, void* buffer, uint64_t length) override {
    const uint64_t due_ns = link_.due_ns(host_.now_ns(), key_, offset, length);
    source_.read_at(offset, buffer, length);
    account_.reads.fetch_add(1, std::memory_order_relaxed);
    if (host_.now_ns() > due_ns) account_.reads_late.fetch_add(1, std::memory_order_relaxed);
    sleep_until(host_, due_ns);
  }
  void evict() override { source_.evict(); }
  uint64_t residency() override { return source_.residency(); }

 private:
  const sdk::Host& host_;
  Link& link_;
  Account& account_;
  std::string key_;
  sdk::UpstreamObject source_;
};

Shape shape_of(const sdk::Options& options) {
  Shape shape;
  shape.bandwidth = options.bytes_per_second("bandwidth");
  shape.per_connection = options.bytes_per_second("per_connection");
  shape.latency_ns = options.duration_ns("latency");
  shape.jitter_ns = options.duration_ns("jitter");
  shape.seed = static_cast<uint64_t>(options.integer("seed"));
  return shape;
}

class ShapedBackend : public sdk::Backend {
 public:
  ShapedBackend(sdk::Host host, const sdk::Options& options)
      : host_(host), source_(options.backend("source")), link_(shape_of(options)) {}

  // The record is still open when its backends go.
  ~ShapedBackend() override {
    const uint64_t reads = account_.reads.load();
    if (reads == 0) return;
    const uint64_t late = account_.reads_late.load();
    host_.metric("shaped/reads", "count", static_cast<double>(reads));
    host_.metric("shaped/reads_late", "count", static_cast<double>(late));
    if (late * 10 > reads) {
      host_.disturbed("shaped: its source was slower than the emulated link in " + std::to_string(late) +
                      " of " + std::to_string(reads) + " reads");
    }
  }

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    source_.list(prefix, callback);
  }

  coldload_object_info probe(const std::string& prefix, uint32_t /*open_flags*/) override {
    return shaped(source_.probe(prefix, 0));
  }

  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t /*open_flags*/,
                                    coldload_object_info& info) override {
    sdk::UpstreamObject source = source_.open(key);
    info = shaped(source.info());
    info.version = source.info().version;
    return std::make_unique<ShapedObject>(host_, link_, account_, key, std::move(source));
  }

 private:
  static coldload_object_info shaped(const coldload_object_info& source) {
    coldload_object_info info = sdk::empty_object_info();
    info.size_bytes = source.size_bytes;
    info.capabilities = source.capabilities & kPassed;
    info.preferred_read_bytes = source.preferred_read_bytes;
    return info;
  }

  sdk::Host host_;
  sdk::Upstream source_;
  Link link_;
  Account account_;
};

constexpr coldload_option kOptions[] = {
    sdk::backend_option("source", "the backend that the bytes really come from"),
    sdk::rate_option("bandwidth", "10 Gbit/s", {"1 kbit/s", "1000 Gbit/s"},
                     "of the emulated link, shared by all reads under way"),
    sdk::duration_option("latency", "0 ms", {"0 ms", "10 s"}, "from asking for a range to its first byte"),
    sdk::rate_option("per_connection", "0 B/s", {"0 B/s", "1000 Gbit/s"},
                     "that one read under way gets at most; 0 B/s: as much as the link"),
    sdk::duration_option("jitter", "0 ms", {"0 ms", "10 s"},
                         "added to the latency of each read, from nothing up to this"),
    sdk::int_option("seed", "1", {"0", "9223372036854775807"}, "",
                    "of the jitter: the same seed delays the same reads by the same time"),
};
constexpr coldload_component kShaped =
    sdk::backend_component<ShapedBackend>("shaped", "another backend behind an emulated network path",
                                          kOptions, nullptr, COLDLOAD_COMPONENT_EMULATED);

}  // namespace
}  // namespace coldload::shaped

COLDLOAD_EXPORT_PLUGIN("org.coldload.shaped", "0.1.0", "coldload", &coldload::shaped::kShaped);
