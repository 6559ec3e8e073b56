// render_bootstrap script|unit: a plan as JSON on standard input, what it becomes on standard output. So that
// what is rendered can be run for real, with plans that no measurement here would give. Bytes that are no
// text are written as \u0000 to \u00ff where "latin1" is true.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include "core/base/json.hpp"
#include "core/report/bootstrap_script.hpp"
#include "core/report/systemd_unit.hpp"

namespace coldload {
namespace {

// Code points below 256 as the bytes of these values.
std::string bytes_of(std::string_view text) {
  std::string bytes;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x80 && at + 1 < text.size()) {
      bytes += static_cast<char>(((byte & 0x03U) << 6U) | (static_cast<unsigned char>(text[++at]) & 0x3fU));
    } else {
      bytes += text[at];
    }
  }
  return bytes;
}

class Reader {
 public:
  explicit Reader(const json::object& from) : from_(from), latin1_(json::bool_or(from, "latin1", false)) {}

  [[nodiscard]] std::string text(std::string_view key) const { return convert(json::text_or(from_, key)); }
  [[nodiscard]] std::vector<std::string> list(std::string_view key) const {
    std::vector<std::string> texts;
    const json::array* values = json::array_at(from_, key);
    if (values == nullptr) return texts;
    for (const auto& value : *values) texts.push_back(convert(std::string_view(value.as_string())));
    return texts;
  }
  [[nodiscard]] std::string convert(std::string_view given) const {
    return latin1_ ? bytes_of(given) : std::string(given);
  }

 private:
  const json::object& from_;
  bool latin1_;
};

Home home_of(std::string_view word) {
  if (word == "staged") return Home::staged;
  if (word == "local_disk") return Home::local_disk;
  return word == "network" ? Home::network : Home::undecided;
}

void read_mounts(const json::object& from, const Reader& read, BootstrapPlan& plan) {
  const json::array* mounts = json::array_at(from, "mounts");
  if (mounts == nullptr) return;
  for (const auto& value : *mounts) {
    const json::object& mount = value.as_object();
    plan.mounts.push_back(
        {read.convert(json::text_or(mount, "directory")), read.convert(json::text_or(mount, "mount_point")),
         read.convert(json::text_or(mount, "type")), read.convert(json::text_or(mount, "source"))});
  }
}

BootstrapPlan plan_of(const json::object& from) {
  const Reader read(from);
  BootstrapPlan plan;
  plan.home = home_of(json::text_or(from, "home"));
  plan.scenario = read.text("scenario");
  plan.run_id = read.text("run_id");
  plan.model_name = read.text("model_name");
  plan.model_bytes = json::unsigned_or(from, "model_bytes");
  plan.source = read.text("source");
  plan.source_is_url = json::bool_or(from, "source_is_url", false);
  plan.source_options = read.list("source_options");
  plan.target_root = read.text("target_root");
  plan.reserve_bytes = json::unsigned_or(from, "reserve_bytes");
  plan.keep_versions = static_cast<uint32_t>(json::unsigned_or(from, "keep_versions", 2));
  plan.copy_ns = json::unsigned_or(from, "copy_ns");
  plan.model_directory = read.text("model_directory");
  read_mounts(from, read, plan);
  plan.prewarm = json::bool_or(from, "prewarm", false);
  plan.read_ahead_device = read.text("read_ahead_device");
  if (from.contains("read_ahead_bytes")) plan.read_ahead_bytes = json::unsigned_or(from, "read_ahead_bytes");
  plan.engine_flags = read.list("engine_flags");
  plan.argv = read.list("argv");
  plan.port = static_cast<uint32_t>(json::unsigned_or(from, "port"));
  plan.health = read.text("health");
  plan.ready_timeout_ns = json::unsigned_or(from, "ready_timeout_ns");
  for (const std::string& text : read.list("reasons")) plan.reasons.push_back({text, read.list("basis")});
  plan.not_possible = read.text("not_possible");
  return plan;
}

int render(std::string_view what, std::string_view script_path) {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const auto document = json::parse(text, "plan");
  if (!document) {
    std::cerr << document.error().message << "\n";
    return 2;
  }
  const BootstrapPlan plan = plan_of(document->as_object());
  const auto rendered =
      what == "unit" ? render_systemd_unit(plan, std::string(script_path)) : render_bootstrap_script(plan);
  if (!rendered) {
    std::cerr << rendered.error().message << "\n";
    return 3;
  }
  std::cout << *rendered;
  return 0;
}

}  // namespace
}  // namespace coldload

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: render_bootstrap script|unit [SCRIPT_PATH]\n";
    return 2;
  }
  return coldload::render(argv[1], argc > 2 ? argv[2] : "/usr/local/sbin/bootstrap.sh");
}
