// Backend "s3": objects of S3 and of servers that speak it, over HTTP and HTTPS.
#include "s3.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async.hpp"
#include "coldload/cpp/diagnose.hpp"
#include "coldload/cpp/plugin.hpp"
#include "diagnosis.hpp"
#include "list.hpp"
#include "object.hpp"
#include "program.hpp"

namespace coldload::s3 {
namespace {

using sdk::Failure;

constexpr size_t kKeyBytesMax = 1024;  // S3's own limit.
constexpr uint64_t kMillisecond = 1'000'000;

bool is_weights(std::string_view key) {
  constexpr std::string_view kSuffix = ".safetensors";
  return key.size() > kSuffix.size() && key.substr(key.size() - kSuffix.size()) == kSuffix;
}

Asked asked_of(const sdk::Options& options) {
  Asked asked;
  asked.url = options.text("url");
  asked.endpoint = options.text("endpoint");
  asked.region = options.text("region");
  asked.profile = options.text("profile");
  asked.addressing = options.choice("addressing");
  asked.anonymous = options.boolean("anonymous");
  asked.ca_file = options.path("ca_file");
  asked.proxy = options.text("proxy");
  asked.part_bytes = options.bytes("part_size");
  asked.connections = options.count("connections");
  asked.retries = options.count("retries");
  asked.connect_timeout_ms = std::max<uint64_t>(options.duration_ns("connect_timeout") / kMillisecond, 1);
  asked.stall_timeout_ms = std::max<uint64_t>(options.duration_ns("stall_timeout") / kMillisecond, 1);
  return asked;
}

std::unique_ptr<Service> make_service(sdk::Host host, const Asked& asked) {
  const Variables variables = process_variables();
  const Profile profile = read_profile(asked.profile, variables);
  Config config = settle(asked, profile, variables);
  if (asked.anonymous)
    return std::make_unique<Service>(host, std::move(config), std::make_unique<Credentials>());
  auto run = [host](const std::vector<std::string>& argv) {
    return run_program(argv, {}, [host] { return host.cancelled(); });
  };
  auto credentials =
      std::make_unique<Credentials>(profile, !asked.profile.empty(), variables, std::move(run));
  return std::make_unique<Service>(host, std::move(config), std::move(credentials));
}

class S3Backend : public ServiceBackend {
 public:
  S3Backend(sdk::Host host, const sdk::Options& options) : service_(make_service(host, asked_of(options))) {}
  S3Backend(const S3Backend&) = delete;
  S3Backend& operator=(const S3Backend&) = delete;
  ~S3Backend() override {
    try {
      service_->report();
    } catch (...) {  // NOLINT(bugprone-empty-catch): without memory the record goes without
    }
  }

  [[nodiscard]] Service& service() override { return *service_; }

  void list(const std::string& prefix, const sdk::ListCallback& callback) override {
    check_key(prefix);
    list_objects(*service_, prefix, callback);
  }

  // What the first weights offer, or the first object where there are none: all are served alike.
  coldload_object_info probe(const std::string& prefix, uint32_t /*open_flags*/) override {
    std::string first;
    list(prefix, [&](const std::string& key, uint64_t /*size_bytes*/) {
      if (first.empty() || (is_weights(key) && !is_weights(first))) first = key;
    });
    (void)head_object(*service_, first);
    return offered();
  }

  std::unique_ptr<sdk::Object> open(const std::string& key, uint32_t /*open_flags*/,
                                    coldload_object_info& info) override {
    if (key.empty()) throw Failure(COLDLOAD_INVALID_OPTION, "key \"\": empty");
    check_key(key);
    Identity identity = head_object(*service_, key);
    info = offered();
    info.size_bytes = identity.size_bytes;
    auto object = std::make_unique<S3Object>(*service_, key, std::move(identity));
    const std::string& version = object->identity().version();
    if (!version.empty()) info.version = version.c_str();
    return object;
  }

  const void* get_extension(std::string_view id) override {
    if (id == COLDLOAD_EXT_DIAGNOSE) return &sdk::kDiagnoseOps<S3Backend>;
    return id == COLDLOAD_EXT_ASYNC_READ ? &kAsyncReadOps : nullptr;
  }
  void diagnose(const std::string& prefix, sdk::Diagnosis& out) { diagnose_service(*service_, prefix, out); }

 private:
  void check_key(const std::string& key) const {
    if (full_key(service_->config(), key).size() <= kKeyBytesMax) return;
    throw Failure(COLDLOAD_INVALID_OPTION,
                  service_->config().shown(key) + ": longer than 1024 bytes, which no key is");
  }
  [[nodiscard]] coldload_object_info offered() const {
    coldload_object_info info = sdk::empty_object_info();
    info.capabilities = COLDLOAD_CAN_READ_AT | COLDLOAD_CAN_NO_LOCAL_CACHE;
    info.preferred_read_bytes = service_->config().part_bytes;
    return info;
  }

  std::unique_ptr<Service> service_;
};

constexpr const char* kAddressings[] = {"auto", "path", "virtual", nullptr};
constexpr coldload_option kOptions[] = {
    sdk::string_option("url", nullptr, "s3://bucket/prefix: model paths are below it"),
    sdk::string_option("endpoint", "",
                       "http(s)://host:port; empty: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's "
                       "endpoint_url, else AWS by region"),
    sdk::string_option("region", "", "empty: AWS_REGION, AWS_DEFAULT_REGION, the profile's, else us-east-1"),
    sdk::string_option("profile", "", "of AWS's shared files; empty: AWS_PROFILE, else default"),
    sdk::choice_option("addressing", "auto", kAddressings,
                       "bucket in the path or in the host name; auto: in the name on AWS where it fits one"),
    sdk::bool_option("anonymous", "false", "unsigned requests, for public buckets"),
    sdk::path_option("ca_file", "", "certificate authorities; empty: AWS_CA_BUNDLE, else the system's"),
    sdk::string_option("proxy", "", "URL, or none; empty: https_proxy or http_proxy, all_proxy, no_proxy"),
    sdk::bytes_option("part_size", "8 MiB", {"64 KiB", "5 GiB"}, "the most one request asks for"),
    sdk::int_option("connections", "64", {"1", "1024"}, "requests", "at once, over all threads"),
    sdk::int_option("retries", "4", {"0", "20"}, "tries",
                    "after the first, of a request that met 429, 500, 502, 503, 504, a reset or a timeout"),
    sdk::duration_option("connect_timeout", "5 s", {"10 ms", "5 min"}, "for name, connection and TLS"),
    sdk::duration_option("stall_timeout", "20 s", {"10 ms", "10 min"}, "without a byte, once connected"),
};
constexpr const char* kSchemes[] = {"s3", nullptr};
constexpr coldload_component kS3 =
    sdk::backend_component<S3Backend>("s3", "objects of S3 and of servers that speak it", kOptions, kSchemes);

}  // namespace
}  // namespace coldload::s3

COLDLOAD_EXPORT_PLUGIN("org.coldload.s3", "0.1.0", "coldload", &coldload::s3::kS3);
