// Strategy "command": another program loads the model, from its launch until it says that it is ready.
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coldload/cpp/plugin.hpp"
#include "coldload/ext/directory.h"
#include "gpu.hpp"
#include "health.hpp"
#include "keeper.hpp"
#include "output.hpp"
#include "phases.hpp"
#include "port.hpp"
#include "program.hpp"
#include "settings.hpp"

namespace coldload::command {
namespace {

// A stop is looked for this often, and somebody who said stop waits: the host kills after 2 s.
constexpr uint64_t kCancelCheckNs = 50'000'000;
constexpr uint64_t kGraceOnCancelNs = 1'000'000'000;
// Asking nvidia-smi, and giving up what does not end.
constexpr uint64_t kTeardownNs = 20'000'000'000;
constexpr size_t kLastLineBytesMax = 200;

std::string seconds(uint64_t ns) {
  const uint64_t tenths = (ns + 50'000'000) / 100'000'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string(".") : path.substr(0, std::max<size_t>(slash, 1));
}

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat left{};
  struct stat right{};
  return ::stat(a.c_str(), &left) == 0 && ::stat(b.c_str(), &right) == 0 && left.st_dev == right.st_dev &&
         left.st_ino == right.st_ino;
}

// Where the backend's directory holds this key, or "".
std::string path_by_key(const coldload_object& object) {
  const auto* directory = static_cast<const coldload_directory_ops*>(
      object.ops->get_extension == nullptr
          ? nullptr
          : object.ops->get_extension(object.backend, COLDLOAD_EXT_DIRECTORY));
  if (directory == nullptr) return {};
  int32_t fd = -1;
  const char* root = nullptr;
  sdk::checked([&](coldload_error* error) { return directory->root(object.backend, &fd, &root, error); });
  return std::string(root) + "/" + object.key;
}

// An object's path has its links resolved: in a Hugging Face cache it leads to a blob of another name, and
// the model's directory is where the key says.
std::string model_directory(const sdk::Job& job) {
  std::optional<std::string> all;
  for (uint32_t i = 0; i < job.item_count(); ++i) {
    std::string path = job.info(i).path;
    if (name_of(path) != name_of(job.object(i).key)) {
      const std::string by_key = path_by_key(job.object(i));
      if (by_key.empty() || !same_file(by_key, path)) {
        throw sdk::Failure(COLDLOAD_UNSUPPORTED,
                           path + ": is a link's end, and its backend does not tell the model's directory");
      }
      path = by_key;
    }
    if (all && *all != directory_of(path)) {
      throw sdk::Failure(COLDLOAD_UNSUPPORTED,
                         "the model's files lie in two directories, " + *all + " and " + directory_of(path));
    }
    all = directory_of(path);
  }
  if (!all) throw sdk::Failure(COLDLOAD_UNSUPPORTED, "no file of the model, so no directory for {model}");
  return *all;
}

class Command : public sdk::Strategy {
 public:
  Command(sdk::Host host, const sdk::Options& options) : host_(host), settings_(settings_from(options)) {}

  coldload_requirements requirements(const coldload_model_size& /*model*/) override {
    coldload_requirements needs = sdk::empty_requirements();
    needs.capabilities = COLDLOAD_CAN_PATH;
    needs.buffers_in_flight = 0;
    needs.thread_count = 0;
    needs.own_time_ns = settings_.ready_timeout_ns + settings_.stop_grace_ns + kTeardownNs;
    return needs;
  }

  void setup(const sdk::Job& job) override;
  void load(const sdk::Job& job) override;
  void teardown() override;

 private:
  void wait_until_ready();
  [[nodiscard]] bool is_ready(std::optional<Health>& health);
  [[nodiscard]] bool has_ended_well(int wait_status) const;
  void wait_for_news(const std::optional<Health>& health) const;
  [[nodiscard]] std::string last_line() const;
  void tell_what_was_done();
  void stop();
  void record_phases();

  sdk::Host host_;
  Settings settings_;
  std::string model_;
  uint16_t port_ = 0;
  std::regex ready_line_;
  std::unique_ptr<Program> program_;
  std::unique_ptr<Keeper> keeper_;
  Output output_;
  uint64_t launched_ns_ = 0;
  uint64_t health_requests_ = 0;
  bool ready_ = false;
};

void Command::setup(const sdk::Job& job) {
  model_ = model_directory(job);
  if (settings_.ready == Ready::line) ready_line_ = compiled("ready_line", settings_.ready_line);
  port_ = settings_.port != 0 ? settings_.port : choose_port();
  if (settings_.ready == Ready::http) require_free(port_);
  std::vector<std::string> argv;
  for (const std::string& argument : settings_.argv) {
    argv.push_back(replace_placeholders(argument, model_, port_));
  }
  std::vector<Variable> env;
  for (const Variable& variable : settings_.env) {
    env.push_back({variable.name, replace_placeholders(variable.value, model_, port_)});
  }
  program_ = std::make_unique<Program>(std::move(argv), env);
  keeper_ = std::make_unique<Keeper>(*program_);
}

void Command::load(const sdk::Job& /*job*/) {
  // Again: between the two lies the making of the cache state.
  if (settings_.ready == Ready::http) require_free(port_);
  launched_ns_ = host_.now_ns();
  keeper_->launch();
  wait_until_ready();
  const uint64_t ready_ns = host_.now_ns();
  ready_ = true;
  host_.metric("command/ready_ns", "ns", static_cast<double>(ready_ns - launched_ns_));
}

void Command::wait_until_ready() {
  std::optional<Health> health;
  if (settings_.ready == Ready::http) health.emplace(port_, settings_.health, settings_.poll_ns);
  while (!is_ready(health)) {
    host_.throw_if_cancelled();
    if (host_.now_ns() >= launched_ns_ + settings_.ready_timeout_ns) {
      throw sdk::Failure(COLDLOAD_TIMED_OUT,
                         program_->name() + " was not ready after " + seconds(settings_.ready_timeout_ns) +
                             (health ? ": " + settings_.health + " on port " + std::to_string(port_) +
                                           " gave " + health->last()
                                     : std::string()) +
                             last_line());
    }
    wait_for_news(health);
  }
}

// The program's end comes last: what it wrote or answered before counts.
bool Command::is_ready(std::optional<Health>& health) {
  const auto exit_status = keeper_->exit_status();
  keeper_->read_output(output_);
  if (settings_.ready == Ready::line) {
    const auto is_it = [&](std::string_view line) { return matches(line, ready_line_); };
    if (output_.any_new_line(exit_status.has_value(), is_it)) return true;
  }
  const bool answered = health && health->advance(host_.now_ns());
  if (health) health_requests_ = health->requests();
  if (answered) return true;
  if (!exit_status) {
    if (keeper_->reports_fd() >= 0) return false;
    throw sdk::Failure(COLDLOAD_IO_ERROR, "the process that keeps " + program_->name() + " has ended");
  }
  return has_ended_well(*exit_status);
}

bool Command::has_ended_well(int wait_status) const {
  if (settings_.ready == Ready::exit && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) return true;
  throw sdk::Failure(COLDLOAD_IO_ERROR,
                     program_->name() +
                         (settings_.ready == Ready::exit ? " failed" : " ended before it was ready") +
                         ", after " + seconds(host_.now_ns() - launched_ns_) + " with " +
                         status_in_words(wait_status) + last_line());
}

void Command::wait_for_news(const std::optional<Health>& health) const {
  const uint64_t now_ns = host_.now_ns();
  uint64_t until_ns = std::min(now_ns + kCancelCheckNs, launched_ns_ + settings_.ready_timeout_ns);
  if (health) until_ns = std::min(until_ns, health->next_ns());
  const uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
  const timespec wait{0, static_cast<long>(wait_ns)};
  pollfd waited[3] = {{keeper_->reports_fd(), POLLIN, 0},
                      {keeper_->output_fd(), POLLIN, 0},
                      {health ? health->fd() : -1, health ? health->events() : short{0}, 0}};
  ::ppoll(waited, 3, &wait, nullptr);
}

std::string Command::last_line() const {
  const std::string line = output_.last_line();
  if (line.empty()) return "; it wrote nothing";
  return "; its last line: " + line.substr(0, kLastLineBytesMax);
}

void Command::teardown() {
  if (keeper_ == nullptr) return;
  try {
    if (launched_ns_ != 0) tell_what_was_done();
    // While it is as it was when it became ready, and after the clock.
    const auto gpu = ready_ && !host_.cancelled() ? gpu_memory_used(host_) : std::nullopt;
    if (gpu) host_.metric("command/gpu_memory_used_bytes", "bytes", static_cast<double>(*gpu));
    stop();
    if (launched_ns_ != 0) record_phases();
  } catch (const std::exception& error) {
    host_.log(COLDLOAD_LOG_ERROR, std::string("command: ") + error.what());
  }
  keeper_.reset();
  program_.reset();
  output_ = Output();
  launched_ns_ = 0;
  health_requests_ = 0;
  ready_ = false;
}

void Command::tell_what_was_done() {
  host_.evidence("program", program_->path());
  host_.evidence("model", model_);
  host_.evidence("ready", to_string(settings_.ready));
  if (settings_.ready != Ready::http) return;
  host_.evidence("port", uint32_t{port_});
  host_.evidence("health_requests", health_requests_);
}

void Command::stop() {
  const uint64_t grace_ns =
      host_.cancelled() ? std::min(settings_.stop_grace_ns, kGraceOnCancelNs) : settings_.stop_grace_ns;
  const Ending ending = keeper_->stop(grace_ns, output_);
  if (launched_ns_ == 0) return;
  host_.evidence("ended_by", ending.last_signal == 0         ? "itself"
                             : ending.last_signal == SIGTERM ? "SIGTERM"
                                                             : "SIGKILL");
  if (ending.survivor_count != 0) {
    host_.disturbed("command: " + std::to_string(ending.survivor_count) +
                    " processes of the program could not be ended: they hang in the kernel");
  }
  const std::string kept = output_.kept();
  if (!kept.empty()) host_.log(COLDLOAD_LOG_INFO, kept);
}

void Command::record_phases() {
  host_.evidence("output_bytes", output_.bytes_written());
  const std::vector<Phase> phases = find_phases(output_.scanned(), settings_.phases);
  std::string missing;
  for (const PhasePattern& wanted : settings_.phases) {
    const auto found = std::find_if(phases.begin(), phases.end(),
                                    [&](const Phase& phase) { return phase.name == wanted.name; });
    if (found == phases.end()) {
      missing += (missing.empty() ? "" : ",") + wanted.name;
      continue;
    }
    host_.metric(("command/" + found->name + "_ns").c_str(), "ns", static_cast<double>(found->longest_ns));
    if (found->line_count > 1) host_.evidence((found->name + "_lines").c_str(), found->line_count);
  }
  if (!missing.empty()) host_.evidence("phases_without_line", missing);
  if (output_.bytes_written() > Output::kScannedBytesMax) {
    host_.log(COLDLOAD_LOG_WARNING, "command: phases were looked for in the first " +
                                        std::to_string(Output::kScannedBytesMax >> 20) +
                                        " MiB of the output only");
  }
}

constexpr const char* kReadyChoices[] = {"auto", "exit", "http", "line", nullptr};
constexpr const char* kPresetChoices[] = {"none", "vllm", nullptr};
constexpr coldload_option kOptions[] = {
    sdk::list_option("argv", nullptr,
                     "the program and its arguments; {model} is the model's directory, {port} the port"),
    sdk::choice_option("preset", "none", kPresetChoices,
                       "whose log lines and health path are known: see docs/strategies/command.md"),
    sdk::choice_option(
        "ready", "auto", kReadyChoices,
        "what counts as ready: exit status 0, HTTP status 200, a line of output; auto: http where "
        "there is a health path, line where there is a ready_line, else exit"),
    sdk::string_option("health", "", "path that 127.0.0.1:port answers with status 200 once it is ready"),
    sdk::string_option("ready_line", "",
                       "regular expression that a line of stdout or stderr matches when ready"),
    sdk::int_option("port", "0", {"0", "65535"}, "port", "of the program; 0 chooses a free one"),
    sdk::duration_option("ready_timeout", "10 min", {"100 ms", "24 h"}, "from launch to ready, at most"),
    sdk::duration_option("poll", "5 ms", {"1 ms", "1 s"}, "from one health request to the next"),
    sdk::duration_option("stop_grace", "10 s", {"0 s", "10 min"},
                         "between SIGTERM and SIGKILL, after the clock; 0 s: SIGKILL at once"),
    sdk::map_option("phases", "",
                    "name = regular expression with a group for a number and perhaps one for its unit: "
                    "recorded as command/<name>_ns"),
    sdk::map_option("env", "", "variables set over the inherited environment; no credentials"),
};
constexpr coldload_component kCommand = sdk::strategy_component<Command>(
    "command", "another program loads the model, from launch to ready", kOptions,
    COLDLOAD_COMPONENT_RUNS_PROGRAMS | COLDLOAD_COMPONENT_EXTERNAL);

}  // namespace
}  // namespace coldload::command

COLDLOAD_EXPORT_PLUGIN("org.coldload.command", "0.1.0", "coldload", &coldload::command::kCommand);
